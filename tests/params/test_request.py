"""What a request holds: plain, without secrets, nothing that the program sets, and nothing ignored in silence."""

from typing import Any

import pytest

from sracl_core.ground.errors import ParamsError
from sracl_core.params.check import problems_of
from sracl_core.params.profile import LlmParams, ProfileParams, UserProfileParams
from sracl_core.params.request import SET_ELSEWHERE, RequestParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.engines.protocol import EngineSettings
from sracl_core.profile.engines.vllm import PLUGIN
from sracl_core.profile.prompting.catalogue import Catalogue
from tests.params.reading.test_section import changed, digests

EXTRA = "profile.llm.request.extra"
SECRET = "sk-9f8e7d6c5b4a"  # noqa: S105 - shaped like one
ENDLESS: dict[str, Any] = {}
ENDLESS["again"] = ENDLESS


def problems(engine: str = "openai", **request: Any) -> list[str]:
    return problems_of(
        changed(profile__engine=engine, **{f"profile__llm__request__{name}": value for name, value in request.items()})
    )


@pytest.mark.parametrize(
    "request_",
    [
        {"token_limit": "max_completion_tokens"},
        {"leave_out": ["response_format", "seed", "temperature"]},
        {"system": "folded"},
        {"extra": {"reasoning_effort": "low", "top_p": 0.9, "top_k": 20, "stop": ["\n\n"], "user": None}},
        {"extra": {"chat_template_kwargs": {"enable_thinking": False}, "thinking": {"budget_tokens": 1024}}},
        {"extra": {"prompt_cache_key": "tea", "stop_token_ids": [7], "skip_special_tokens": True, "min_tokens": 3}},
        {"extra": {"user": "a basic task-about_everything", "stop": ["bearer of news"]}},
    ],
)
def test_what_servers_want_can_be_said(request_: dict[str, Any]) -> None:
    assert problems(**request_) == []


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (
            {"token_limit": "tokens"},
            "profile.llm.request.token_limit: input should be 'max_tokens' or 'max_completion_tokens', got 'tokens'",
        ),
        (
            {"leave_out": ["max_tokens"]},
            "profile.llm.request.leave_out, first entry: input should be 'temperature', 'seed' or 'response_format', "
            "got 'max_tokens'",
        ),
        ({"leave_out": "seed"}, "profile.llm.request.leave_out: expected a list such as [temperature], got "
         "'seed'"),
        ({"leave_out": ["seed", "seed"]}, "profile.llm.request.leave_out: expected each field once, got "
         "['seed', 'seed']"),
        ({"system": "user"}, "profile.llm.request.system: input should be 'message' or 'folded', got 'user'"),
        ({"extras": {}}, "profile.llm.request.extras: unknown parameter; did you mean profile.llm.request.extra?"),
        ({"extra": SECRET}, f"{EXTRA}: expected a group of names and values, such as {{reasoning_effort: low}}; {{}} "
         "for none"),
        ({"extra": ...}, f"{EXTRA}: missing; the shipped value is {{}}"),
        ({"extra": {"seed": 3}}, f"{EXTRA}.seed: this field cannot be added, since profile.llm.seed sets it"),
        ({"extra": {"stream": True}}, f"{EXTRA}.stream: this field cannot be added, since answers are read whole"),
        ({"extra": {"a b": 1}}, f"{EXTRA}.a b: expected the name of a field: letters, digits, '_', '-' and '.'"),
        ({"extra": {1: 2}}, f"{EXTRA}.1: input should be a valid string, got 1"),
        ({"extra": {"top_p": float("nan")}}, f"{EXTRA}.top_p: a number must be finite"),
        ({"extra": {"bias": {"7": {3}}}}, f"{EXTRA}.bias: 7: expected plain JSON (text, numbers, lists, groups), not "
         "set"),
        ({"extra": {"bias": {7: 1}}}, f"{EXTRA}.bias: names must be text, not int"),
        ({"extra": {"deep": ENDLESS}}, f"{EXTRA}.deep: it is nested more than 16 levels deep"),
        ({"extra": {"chat_template_kwargs": True}}, f"{EXTRA}: chat_template_kwargs must be a group of names and "
         "values, such as {enable_thinking: false}"),
        ({"extra": {"chat_template_kwargs": {"tokenize": True, "tools": []}}}, f"{EXTRA}: chat_template_kwargs must "
         "not hold tokenize, tools: the program decides that"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_line(request_: dict[str, Any], expected: str) -> None:
    assert problems(**request_) == [expected]


@pytest.mark.parametrize("name", SET_ELSEWHERE)
def test_no_field_that_the_program_sets_can_be_added(name: str) -> None:
    (problem,) = problems(extra={name: 1})
    assert problem.startswith(f"{EXTRA}.{name}: this field cannot be added, since ")


@pytest.mark.parametrize(
    "name",
    ["api_key", "apiKey", "API-KEY", "key", "Authorization", "x-auth", "access_token", "token", "password",
     "aws_secret_access_key", "clientSecret"],
)  # fmt: skip
def test_no_name_of_a_secret_is_taken(name: str) -> None:
    for extra in ({name: "x"}, {"extra_headers": {name: "x"}}, {"list": [{"deep": {name: "x"}}]}):
        (problem,) = problems(extra=extra)
        assert "looks like a secret" in problem
        assert problem.endswith("a key belongs into OPENAI_API_KEY")


@pytest.mark.parametrize("text", [SECRET, f"with {SECRET}", "bearer abcdefgh", "hf_abcdefghij", "AIzaSyA1234567"])
def test_no_text_of_a_secret_is_taken_or_shown(text: str) -> None:
    told = problems(extra={"user": text, "list": [{"deep": text}]})
    assert told == [
        f"{EXTRA}.user: the text looks like a secret: a key belongs into OPENAI_API_KEY",
        f"{EXTRA}.list: deep: the text looks like a secret: a key belongs into OPENAI_API_KEY",
    ]


def test_every_problem_is_reported_at_once() -> None:
    told = problems(token_limit=3, leave_out=[1], system=None, extra={"seed": 1, "api_key": "x", "n": 2})
    assert len(told) == 6


def test_vllm_is_given_nothing_that_it_would_ignore() -> None:
    wrong = {"token_limit": "max_completion_tokens", "leave_out": ["seed"], "extra": {"top_p": 0.9, "seed_": 1}}
    (problem,) = problems("vllm", **wrong)
    assert problem.split("; ") == [
        "profile: the engine vllm asks no server: llm.request.token_limit names a field of requests to a server",
        "set it to max_tokens",
        "llm.request.leave_out is about requests to a server",
        "set it to []",
        "llm.request.extra.top_p is a field of requests to a server",
        "take it out",
        "llm.request.extra.seed_ is a field of requests to a server",
        "take it out",
    ]
    right = {"system": "folded", "extra": {"chat_template_kwargs": {"enable_thinking": False}}}
    assert problems("vllm", **right) == problems("openai", **wrong) == []


def test_vllm_chosen_on_the_command_line_is_checked_too() -> None:
    llm = LlmParams(request=RequestParams(leave_out=["seed"]))
    settings = EngineSettings(Catalogue([]), "products", UserProfileParams(), llm, RuntimeParams())
    with pytest.raises(ParamsError, match=r"llm\.request\.leave_out is about requests to a server; set it to \[\]\."):
        PLUGIN(settings)


def test_the_broken_share_is_a_share_and_enters_no_digest() -> None:
    assert problems_of(changed(profile__llm__max_broken=1.5)) == ["profile.llm.max_broken: expected at most 1, got 1.5"]
    shipped = digests(changed(), ProfileParams)
    assert digests(changed(profile__llm__max_broken=0.1), ProfileParams) == shipped
    assert digests(changed(profile__llm__request__system="folded"), ProfileParams) != shipped
