"""The first prompt is sent alone, and a refusal that names a field ends the stage with the line to change."""

import json
import re
import time
from typing import Any

import pytest

from sracl_core.ground.errors import ModelError
from tests.profile.engines.server import (
    KEY,
    Act,
    MisbehavingServer,
    Received,
    ask,
    calls,
    error,
    good,
    model,
)

pytestmark = pytest.mark.usefixtures("quick_server")


def refusal(message: str, param: str | None = None, code: str | None = None, status: int = 400) -> Act:
    return Act(json.dumps({"error": {"message": message, "param": param, "code": code}}), status)


def reasoning_model(received: Received) -> Act:
    """Refuses what OpenAI's reasoning models do, one thing at a time, as they say it."""
    body = received.body
    if "max_tokens" in body:
        return refusal(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
            "instead.",
            "max_tokens",
            "unsupported_parameter",
        )
    if "temperature" in body:
        return refusal(
            "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is "
            "supported.",
            "temperature",
            "unsupported_value",
        )
    if body["messages"][0]["role"] == "system":
        return refusal("Unsupported value: 'messages[0].role' does not support 'system' with this model.")
    return good(received)


def test_the_first_is_sent_alone_until_it_is_answered() -> None:
    alone = []

    def script(received: Received) -> Act:
        """Hold the first until it is plain that no other comes, and those of the second round until all are there."""
        until = time.monotonic() + (0.3 if received.number == 0 else 10)
        while received.number in (0, 5, 6, 7, 8) and server.most_at_once < 4 and time.monotonic() < until:
            time.sleep(0.01)
        if received.number == 0:
            alone.append(server.most_at_once)
        return good(received)

    with MisbehavingServer(script) as server:
        writer = model(server.url)
        assert len(list(writer.ask(calls(5)))) == 5
        assert alone == [1]
        server.most_at_once = 0
        assert len(list(writer.ask(calls(4)))) == 4
        assert server.most_at_once == 4  # the server has answered before: nothing is sent alone again


def test_following_the_messages_leads_to_answers() -> None:
    said, settings = [], dict[str, Any]()
    for _ in range(4):
        with MisbehavingServer(reasoning_model) as server:
            try:
                replies = list(model(server.url, {"request": settings}).ask(folding(settings)))
            except ModelError as stopped:
                assert len(server.received) == 1
                said.append(str(stopped))
                (name, value) = re.findall(r"Set profile\.llm\.request\.(\w+) to (\S+)\. Nothing more", str(stopped))[0]
                settings[name] = [value.strip("[]")] if value.startswith("[") else value
            else:
                break
    assert [reply.finish_reason for reply in replies] == ["stop"] * 20
    assert settings == {"token_limit": "max_completion_tokens", "leave_out": ["temperature"], "system": "folded"}
    assert said[0].endswith(
        "refused a prompt before it had answered any: HTTP 400, Unsupported parameter: 'max_tokens' is not supported "
        "with this model. Use 'max_completion_tokens' instead. Set profile.llm.request.token_limit to "
        "max_completion_tokens. Nothing more was asked: change params.yaml, then run it again."
    )


def folding(settings: dict[str, Any]) -> list[Any]:
    """The calls as the engine makes them under `settings`."""
    if settings.get("system") != "folded":
        return calls(20)
    return [
        type(call)(call.key, type(call.prompt)(call.prompt.messages[1:], call.prompt.schema), 0.0, 3)
        for call in calls(20)
    ]


@pytest.mark.parametrize("status", [400, 404, 413, 422, 500, 501])
def test_any_status_that_names_a_field_ends_after_one_prompt(status: int) -> None:
    with MisbehavingServer(lambda r: refusal("Unknown parameter: 'seed'", "seed", status=status)) as server:
        with pytest.raises(ModelError, match=r"Set profile\.llm\.request\.leave_out to \[seed\]\."):
            list(model(server.url).ask(calls(50)))
        assert len(server.received) == 1


def test_an_error_inside_a_success_ends_after_one_prompt() -> None:
    body = json.dumps({"error": {"message": "Provider: property 'seed' is unsupported", "code": 400}})
    with MisbehavingServer(lambda r: Act(body)) as server:
        with pytest.raises(
            ModelError, match=r"HTTP 200, Provider: .* Set profile\.llm\.request\.leave_out to \[seed\]"
        ):
            list(model(server.url).ask(calls(50)))
        assert len(server.received) == 1


@pytest.mark.parametrize(
    "body", ['{"choices": "seed: unsupported"}', '{"error": "seed: unsupport', "seed: unsupported"]
)
def test_a_first_answer_that_comes_in_pieces_is_asked_for_again(body: str) -> None:
    replies, server = ask(lambda r: Act(body) if r.number == 0 else good(r), 3)
    assert {reply.finish_reason for reply in replies} == {"stop"}
    assert len(server.received) == 4


def test_a_filtered_first_prompt_costs_only_itself() -> None:
    def script(received: Received) -> Act:
        return refusal("filtered", None, "content_filter") if received.prompt == "0" else good(received)

    replies, server = ask(script, 20, server_concurrency=64)
    assert [reply.key for reply in replies if reply.finish_reason != "stop"] == [0]
    assert len(server.received) == 21
    assert "Green tea" in server.prompts[1]  # harmless data, asked for before any other prompt


@pytest.mark.parametrize("concurrency", [1, 4, 64])
def test_an_unknown_refusal_of_everything_costs_two_prompts(concurrency: int) -> None:
    with MisbehavingServer(lambda r: error(400, "the moon is in the wrong house")) as server:
        with pytest.raises(ModelError) as stopped:
            list(model(server.url, server_concurrency=concurrency).ask(calls(500)))
        assert len(server.received) == 2
    told = str(stopped.value)
    assert f"The server {server.url} refused the first prompt, and then one with harmless data: the moon is" in told
    assert "no usable answer" not in told


def test_a_harmless_prompt_may_show_what_the_first_did_not() -> None:
    script = lambda r: error(400, "no" if r.number == 0 else "seed is not supported")  # noqa: E731
    with MisbehavingServer(script) as server:
        with pytest.raises(ModelError, match=r"Set profile\.llm\.request\.leave_out to \[seed\]\."):
            list(model(server.url).ask(calls(50)))
        assert len(server.received) == 2


@pytest.mark.parametrize(
    "body",
    [
        '[{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": '
        '"INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}]',
        '{"error": {"message": "Bad request", "details": [{"reason": "API_KEY_INVALID"}]}}',
        '{"error": "Incorrect API key provided"}',
    ],
)
def test_a_key_that_is_refused_as_a_bad_request_ends_at_once(body: str) -> None:
    with MisbehavingServer(lambda r: Act(body, 400)) as server:
        with pytest.raises(ModelError, match="The environment variable OPENAI_API_KEY is not the server's"):
            list(model(server.url).ask(calls(50)))
        assert len(server.received) == 1


def test_a_request_too_large_for_a_proxy_says_so() -> None:
    page = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>nginx</body></html>"
    with MisbehavingServer(lambda r: Act(page, 413)) as server:
        with pytest.raises(ModelError) as stopped:
            list(model(server.url).ask(calls(50)))
        assert len(server.received) == 1
    assert "HTTP 413, 413 Request Entity Too Large nginx. A prompt is too large for the server" in str(stopped.value)
    assert "lower profile.items.data_tokens or profile.users.data_tokens" in str(stopped.value)


def test_a_later_prompt_that_is_too_long_costs_only_itself() -> None:
    said = "This model's maximum context length is 2048 tokens"
    replies, _ = ask(lambda r: error(400, said) if r.prompt == "7" else good(r), 20)
    assert {reply.key: reply.finish_reason for reply in replies if reply.finish_reason != "stop"} == {
        7: f"refused: {said}"
    }


def test_a_later_failure_that_names_a_field_is_tried_again() -> None:
    script = lambda r: error(500, "temperature is invalid") if r.prompt == "7" and r.turn == 0 else good(r)  # noqa: E731
    replies, server = ask(script, 20)
    assert {reply.finish_reason for reply in replies} == {"stop"}
    assert len(server.received) == 21


def test_a_server_under_load_is_no_refusal() -> None:
    script = lambda r: error(429, "seed: unsupported", Retry_After="0.01") if r.number == 0 else good(r)  # noqa: E731
    replies, _ = ask(script, 3)
    assert {reply.finish_reason for reply in replies} == {"stop"}


def test_what_a_server_says_is_shown_on_one_line_without_the_key() -> None:
    said = f"Unknown parameter: 'seed'\n\x1b[2J{KEY} {'x' * 500}"
    with pytest.raises(ModelError) as stopped:
        ask(lambda r: refusal(said, "seed"))
    told = str(stopped.value)
    assert "leave_out to [seed]" in told
    assert told.isprintable()
    assert KEY not in told
    assert len(told) < 600
