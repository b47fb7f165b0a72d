"""What a server receives under each parameter of profile.llm.request, and what a model in this process is given."""

from pathlib import Path
from typing import Any

import pytest

from sracl_core.params.profile import ItemProfileParams, LlmParams, UserProfileParams
from sracl_core.profile.chat.prompts import HARMLESS, ChatPrompts, harmless
from sracl_core.profile.chat.tokens import ApproximateTokenizer, load_tokenizer
from sracl_core.profile.engines.vllm import PLUGIN
from tests.profile.chat.test_prompts import DOMAINS
from tests.profile.engines.server import FIELDS, SCHEMA, MisbehavingServer, ask, calls, engine, good, requests

USUAL = {
    "model": "tiny",
    "messages": list(calls(1)[0].prompt.messages),
    "temperature": 0.0,
    "seed": 3,
    "max_tokens": 40,
    "response_format": {"type": "json_schema", "json_schema": {"name": "profile", "schema": SCHEMA, "strict": False}},
}


pytestmark = pytest.mark.usefixtures("quick_server")


def without(*names: str, **added: Any) -> dict[str, Any]:
    return {name: value for name, value in USUAL.items() if name not in names} | added


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({}, USUAL),
        ({"token_limit": "max_completion_tokens"}, without("max_tokens", max_completion_tokens=40)),
        ({"leave_out": ["temperature"]}, without("temperature")),
        ({"leave_out": ["seed", "response_format"]}, without("seed", "response_format")),
        ({"extra": {"reasoning_effort": "low"}}, without(reasoning_effort="low")),
        (
            {"extra": {"chat_template_kwargs": {"enable_thinking": False}, "user": None}},
            without(chat_template_kwargs={"enable_thinking": False}, user=None),
        ),
        (
            {
                "token_limit": "max_completion_tokens",
                "leave_out": ["temperature"],
                "extra": {"reasoning_effort": "low"},
            },
            without("max_tokens", "temperature", max_completion_tokens=40, reasoning_effort="low"),
        ),
    ],
)
def test_a_server_receives_just_this(request_: dict[str, Any], expected: dict[str, Any]) -> None:
    _, server = ask(good, llm={"request": request_})
    assert server.received[0].body == expected


def test_folded_instructions_stand_before_the_data() -> None:
    sent = {}
    for system in ("message", "folded"):
        with MisbehavingServer() as server:
            (answer,) = engine(server.url, {"request": {"system": system}}).write(requests(1))
        assert answer.engine == "openai"
        sent[system] = server.received[0].body["messages"]
    instructions, data = (message["content"] for message in sent["message"])
    assert [message["role"] for message in sent["message"]] == ["system", "user"]
    assert sent["folded"] == [{"role": "user", "content": f"{instructions}\n\n{data}"}]


@pytest.mark.parametrize("folded", [False, True])
def test_a_harmless_prompt_keeps_the_instructions(folded: bool) -> None:
    prompts = ChatPrompts(UserProfileParams(), "products", ApproximateTokenizer(), folded=folded)
    prompt = prompts.prompt(requests(1)[0])
    safe = harmless(prompt)
    assert safe.messages[:-1] == prompt.messages[:-1]
    assert safe.messages[-1]["content"].endswith(HARMLESS)
    assert "Tea 0" not in safe.text
    joined = "".join(message["content"] for message in safe.messages)
    assert joined.count(prompts.instructions) == 1
    assert safe.schema == prompt.schema


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("params", [ItemProfileParams(), UserProfileParams()])
def test_the_instructions_alone_ask_for_json_with_the_fields(
    domain: str, params: ItemProfileParams | UserProfileParams
) -> None:
    """So an answer can be read where response_format is left out."""
    prompts = ChatPrompts(params, domain, ApproximateTokenizer())
    assert "Answer with one JSON object" in prompts.instructions
    assert all(f'"{name}"' in prompts.instructions for name in prompts.fields)
    assert tuple(prompts.fields) in (FIELDS, ("preferences",))


def test_without_a_format_the_json_is_found_in_the_text() -> None:
    text = 'Here you are:\n```json\n{"preferences": "Tea."}\n```'
    with MisbehavingServer(lambda received: good(received, text)) as server:
        (answer,) = engine(server.url, {"request": {"leave_out": ["response_format"]}}).write(requests(1))
    assert (answer.text, answer.replaced) == ("Tea.", False)
    assert "response_format" not in server.received[0].body


def test_left_out_temperature_and_seed_stay_out_when_an_answer_is_asked_for_again() -> None:
    broken = lambda received: good(received, "no JSON" if received.turn == 0 else None)  # noqa: E731
    with MisbehavingServer(broken) as server:
        (answer,) = engine(server.url, {"request": {"leave_out": ["temperature", "seed"]}}).write(requests(1))
    assert not answer.replaced
    assert [set(received.body) for received in server.received] == [
        {"model", "messages", "max_tokens", "response_format"}
    ] * 2


def test_a_chat_template_is_told_its_arguments(tiny_model: Path, tmp_path: Path) -> None:
    """The tokens of a prompt, which vLLM is given and a plan counts, are those of the template with its arguments."""
    import shutil

    folder = shutil.copytree(tiny_model, tmp_path / "model")
    chat = [{"role": "system", "content": "Tell."}, {"role": "user", "content": "Tea"}]
    template = "{% for m in messages %}{{ m.content }}{% endfor %}{% if not enable_thinking %} quiet{% endif %}"
    (folder / "chat_template.jinja").write_text(template)
    lengths = {}
    for thinking in (True, False):
        request_ = {"extra": {"chat_template_kwargs": {"enable_thinking": thinking}}}
        llm = LlmParams.model_validate({"model": str(folder), "request": request_})
        lengths[thinking] = len(load_tokenizer(llm).chats([chat])[0])
    assert lengths[False] > lengths[True]


def test_vllm_folds_too(tiny_model: Path) -> None:
    llm = {"model": str(tiny_model), "tokenizer": None, "request": {"system": "folded"}}
    settings = engine("http://127.0.0.1:1/v1", llm)._settings  # type: ignore[attr-defined]
    (message,) = PLUGIN(settings).prompts.prompt(requests(1)[0]).messages
    assert message["role"] == "user"
