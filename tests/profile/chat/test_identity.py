"""What decides an answer besides its prompt."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sracl_core.params.profile import ItemProfileParams, LlmParams
from sracl_core.params.request import RequestParams
from sracl_core.profile.chat.identity import chat_identity
from sracl_core.profile.chat.prompts import ChatPrompts
from sracl_core.profile.chat.tokens import ApproximateTokenizer
from sracl_core.profile.prompting.requests import ProfileRequest, UserFacts
from sracl_core.profile.store.answers import address_of


@pytest.mark.parametrize(
    "change",
    [{"temperature": 0.5}, {"seed": 1}, {"max_tokens": 10}, {"model": "b/b"}, {"revision": "v2"}],
)
def test_model_and_decoding_decide(change: dict[str, object]) -> None:
    base = {"model": "a/a"}
    assert chat_identity(LlmParams(**(base | change))) != chat_identity(LlmParams(**base))


@pytest.mark.parametrize("change", [{"attempts": 9}, {"structure": "json_object"}, {"tokenizer": "approximate"}])
def test_how_it_is_asked_does_not(change: dict[str, object]) -> None:
    assert chat_identity(LlmParams(**change)) == chat_identity(LlmParams())


def test_a_folder_is_known_by_its_content_not_by_its_place(tiny_model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tiny_model, tmp_path / "elsewhere")
    here, there = (chat_identity(LlmParams(model=str(folder))) for folder in (tiny_model, copy))
    assert here == there
    assert str(tmp_path) not in there
    with (copy / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, 2)
        last = weights.read(1)
        weights.seek(-1, 2)
        weights.write(bytes([last[0] ^ 1]))
    assert chat_identity(LlmParams(model=str(copy))) != here


@pytest.mark.parametrize(
    "request_",
    [
        {"leave_out": ["temperature"]},
        {"leave_out": ["seed"]},
        {"leave_out": ["seed", "temperature"]},
        {"system": "folded"},
        {"extra": {"top_p": 0.9}},
        {"extra": {"chat_template_kwargs": {"enable_thinking": False}}},
    ],
)
def test_what_a_request_holds_decides(request_: dict[str, Any]) -> None:
    identities = {request_id(request_), request_id({}), request_id({"extra": {"top_p": 0.8}})}
    assert len(identities) == 3


@pytest.mark.parametrize("request_", [{"token_limit": "max_completion_tokens"}, {"leave_out": ["response_format"]}])
def test_how_its_fields_are_called_does_not(request_: dict[str, Any]) -> None:
    assert request_id(request_) == request_id({})


def test_what_is_not_sent_does_not_decide() -> None:
    left = RequestParams(leave_out=["temperature", "seed"])
    sent = LlmParams(model="a/a", temperature=0.5, seed=7, request=left)
    assert chat_identity(sent) == chat_identity(LlmParams(model="a/a", request=left))
    other = RequestParams(leave_out=["seed", "temperature"])
    assert chat_identity(LlmParams(model="a/a", request=other)) == chat_identity(sent)


def test_answers_stored_before_are_found_with_the_shipped_values() -> None:
    """The bytes of the identity and of a prompt's address, as they were before requests had parameters of their own."""
    identity = chat_identity(LlmParams(model="a/a"))
    assert identity == '{"max_tokens": 400, "model": "a/a", "seed": 0, "temperature": 0.0}'
    prompts = ChatPrompts(ItemProfileParams(), "products", ApproximateTokenizer())
    prompt = prompts.prompt(ProfileRequest(1, ('{"title": "Green tea"}',), UserFacts(())))
    expected = "9bb1548209f46a25a84cbfda0c7320d141d321c69fd7423e5da30e53d3b734c2"
    assert address_of(identity, prompt.text) == expected


@pytest.mark.parametrize(
    "model",
    [
        "qwen3:8b", "meta-llama/llama-3-8b:free", "accounts/fireworks/models/x", "@cf/meta/llama-3-8b", "my model", " ",
        "qwen/qwen3-8b@q4_k_m", "a" * 97, "a" * 4000, "a/" * 2000, "模型", "a--b", "x.git", "-a", "C:\\models\\x",
    ],
)  # fmt: skip
def test_a_server_may_call_a_model_as_it_likes(model: str) -> None:
    assert json.loads(chat_identity(LlmParams(model=model)))["model"] == model
    assert json.loads(chat_identity(LlmParams(model=model, revision="v2")))["model"] == f"{model}@v2"


def test_the_revision_of_the_copy_at_hand_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    copy = tmp_path / "models--a--b"
    for path, text in {"refs/main": "0123abc", "snapshots/0123abc/config.json": "{}"}.items():
        (copy / path).parent.mkdir(parents=True)
        (copy / path).write_text(text)
    assert json.loads(chat_identity(LlmParams(model="a/b")))["model"] == "a/b@0123abc"


def request_id(request_: dict[str, Any]) -> str:
    return chat_identity(LlmParams.model_validate({"model": "a/a", "request": request_}))
