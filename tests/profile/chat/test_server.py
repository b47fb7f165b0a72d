"""One request and its reply: what is sent, what is made of the answer, and where the key never is."""

import subprocess
import sys
from pathlib import Path

import pytest

from sracl_core.ground.errors import ModelError
from tests.profile.engines.server import KEY, SCHEMA, Act, MisbehavingServer, ask, calls, error, good, model

pytestmark = pytest.mark.usefixtures("quick_server")


@pytest.mark.parametrize("structure", ["json_schema", "json_object"])
def test_a_request_says_what_is_wanted_and_the_reply_what_it_took(structure: str) -> None:
    with MisbehavingServer() as server:
        replies = list(model(server.url, {"structure": structure}).ask(calls(1)))
    assert [(r.key, r.finish_reason, r.tokens_in, r.tokens_cached, r.tokens_out) for r in replies] == [
        (0, "stop", 50, 48, 7)
    ]
    assert '"item_summary": "About' in replies[0].text
    (received,) = server.received
    assert received.path == "/v1/chat/completions"
    schema = {"type": "json_schema", "json_schema": {"name": "profile", "schema": SCHEMA, "strict": False}}
    assert received.body == {
        "model": "tiny",
        "messages": list(calls(1)[0].prompt.messages),
        "temperature": 0.0,
        "seed": 3,
        "max_tokens": 40,
        "response_format": schema if structure == "json_schema" else {"type": "json_object"},
    }


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (None, (None, None, None)),
        ({"prompt_tokens": 9, "prompt_tokens_details": None}, (9, None, None)),
        ({"prompt_tokens": 9, "prompt_cache_hit_tokens": 8, "completion_tokens": 2}, (9, 8, 2)),
        ({"prompt_tokens": "9", "completion_tokens": -1}, (None, None, None)),
    ],
)
def test_counts_are_none_where_the_server_gives_none(usage: object, counts: tuple[int | None, ...]) -> None:
    (reply,), _ = ask(lambda received: good(received, usage=usage))
    assert (reply.tokens_in, reply.tokens_cached, reply.tokens_out) == counts


@pytest.mark.parametrize("content", [None, "", "not what was asked for"])
def test_a_text_is_handed_on_as_it_is(content: str | None) -> None:
    choice = {"message": {"content": content}, "finish_reason": "length"}
    (reply,), _ = ask(lambda received: good(received, choices=[choice]))
    assert (reply.text, reply.finish_reason) == (content or "", "length")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (error(401, f"bad key {KEY}"), r"HTTP 401, bad key \*\*\*\. The environment variable OPENAI_API_KEY is not"),
        (
            error(403, "bad key sk-t********7766!"),
            r"HTTP 403, bad key \*\*\*\. The environment variable OPENAI_API_KEY",
        ),
        (error(404, "none such"), r"/v1 refused a request for 'tiny': HTTP 404, none such\. Check profile\.llm\.model"),
        (error(402, "no money"), r"HTTP 402, no money\. Check runtime\.server_url and the account"),
        (Act(status=307, headers={"Location": "http://127.0.0.1:9/v1"}), "HTTP 307"),
        (Act('{"error": {"message": "pay", "code": "insufficient_quota"}}', 429), "has no quota left: HTTP 429, pay"),
    ],
)
def test_what_will_not_pass_ends_at_once(act: Act, message: str) -> None:
    with pytest.raises(ModelError, match=message) as raised:
        ask(lambda received: act, 50)
    assert KEY not in str(raised.value)
    assert "7766" not in str(raised.value)


def test_the_environment_redirects_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_ORG_ID", "elsewhere")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "elsewhere")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer elsewhere\nX-Route: elsewhere")
    _, server = ask(good, server_patience_s=0)
    assert "elsewhere" not in str(server.received[0].headers)
    assert server.received[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("key", [None, "", "EMPTY"])
def test_a_local_server_needs_no_key(key: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    if key is not None:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    (reply,), server = ask(lambda received: good(received, '{"item_summary": "EMPTY"}'))
    assert reply.text == '{"item_summary": "EMPTY"}'
    assert server.received[0].headers["authorization"] == f"Bearer {key or 'none'}"
    with pytest.raises(ModelError, match="OPENAI_API_KEY is not set" if not key else "is not the server's"):
        ask(lambda received: error(401, "who are you?"))


def test_a_key_that_is_none_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\nX-Other: é")
    with pytest.raises(ModelError, match="OPENAI_API_KEY holds characters that no key has") as raised:
        ask(good)
    assert KEY not in str(raised.value)


def test_without_the_package_the_way_to_it_is_said() -> None:
    code = """
import sys
sys.modules["openai"] = None
from sracl_core.params.profile import LlmParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.engines.openai import OpenAIModel
list(OpenAIModel(LlmParams(), RuntimeParams()).ask([]))
"""
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert "ModelError" in done.stderr
    assert "pip install '.[openai]'" in done.stderr
