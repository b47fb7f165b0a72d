"""Patience with a server: what may pass is asked again, everyone waits when asked to, and what lasts is given up."""

import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from sracl_core.ground.errors import ModelError
from sracl_core.profile.chat import patience
from tests.profile.engines.server import (
    Act,
    MisbehavingServer,
    Received,
    ask,
    calls,
    error,
    first,
    good,
    model,
    says,
)

pytestmark = pytest.mark.usefixtures("quick_server")


@pytest.mark.parametrize(
    "act",
    [
        *(error(status, "passing") for status in (408, 409, 425, 429, 500, 502, 503, 529)),
        Act("<html>Bad gateway</html>", 502),
        Act("<html>Log in</html>", headers={"Content-Type": "text/html"}),
        lambda received: Act(**{**vars(good(received)), "body": good(received).body[:60]}),
        lambda received: Act(**{**vars(good(received)), "sent": 60}),
        Act('{"choices": []}', headers={"Content-Type": "application/json"}),
        Act('{"error": {"message": "late"}}', headers={"Content-Type": "application/json"}),
        Act("[" * 100_000, headers={"Content-Type": "application/json"}),
        Act("null", headers={"Content-Type": "application/json"}),
        Act(b"", sent=0, headers={"Content-Length": "9"}),
    ],
)
def test_what_may_pass_is_asked_again(act: Act | Callable[[Received], Act]) -> None:
    replies, server = ask(first(act), 3)
    assert sorted(reply.key for reply in replies) == [0, 1, 2]
    assert all(reply.text.startswith("{") and reply.finish_reason == "stop" for reply in replies)
    assert Counter(server.prompts) == Counter({"0": 2, "1": 2, "2": 2})


@pytest.mark.parametrize("act", [Act(delay=60), Act("{" * 60, drip=0.2)])
def test_an_answer_that_does_not_come_is_asked_for_again(act: Act) -> None:
    since = time.monotonic()
    (reply,), server = ask(first(act), server_timeout_s=0.8)
    assert 0.8 < time.monotonic() - since < 10
    assert (reply.finish_reason, len(server.received)) == ("stop", 2)
    with pytest.raises(ModelError, match=r"no answer within 0\.1 s \(runtime\.server_timeout_s\)"):
        ask(lambda received: act, server_timeout_s=0.1, server_patience_s=0)


@pytest.mark.parametrize("dated", [False, True])
def test_everyone_waits_as_long_as_an_overloaded_server_asks(dated: bool) -> None:
    wait = 1.2 if dated else 0.5  # a date has whole seconds

    def script(received: Received) -> Act:
        if received.number:
            return good(received)
        until = format_datetime(datetime.now(UTC) + timedelta(seconds=wait + 1), usegmt=True)
        return error(429, "slow down", Retry_After=until if dated else str(wait))

    replies, server = ask(script, 30, server_concurrency=2)
    assert len(replies) == 30
    refused, *others = (received.at for received in server.received)
    # One request may have been on its way already, and so may the one that was sent when it was answered.
    assert sum(at < refused + wait - 0.01 for at in others) <= 3
    assert max(others) < refused + wait + 5


def test_a_longer_wait_than_patience_ends_it_at_once() -> None:
    with pytest.raises(ModelError, match=r"again in 3,600 s, but only 600 s of runtime\.server_patience_s .* HTTP 503"):
        ask(lambda received: error(503, "maintenance", Retry_After="3600"))


def test_a_server_that_keeps_failing_is_given_up_with_its_last_word() -> None:
    since = time.monotonic()
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:\d+/v1 has failed for \d+ s; it last said: HTTP 500, no GPU"):
        ask(lambda received: error(500, "no\nGPU"), server_patience_s=0.4)
    assert 0.4 <= time.monotonic() - since < 3


def test_nobody_at_the_address() -> None:
    with MisbehavingServer() as server:
        gone = model(server.url, server_patience_s=0.1)
    with pytest.raises(ModelError, match=r"the connection failed: .+ Answers so far are kept"):
        list(gone.ask(calls(3)))


@pytest.mark.parametrize(
    ("act", "came"),
    [
        (
            Act("<!doctype html><title>Log in</title><p>Please</p>"),
            "an answer that is no chat completion: Log in Please",
        ),
        (Act('{"choices": []}'), r"an answer that is no chat completion: {.choices.: \[\]}"),
        (Act('{"error": {"message": "no such path"}}'), "an answer that is no chat completion: .*no such path[^.]*"),
        (Act('"Welcome"'), "an answer that is no chat completion: .Welcome."),
        (Act(""), "an answer that is no chat completion: nothing"),
    ],
)
def test_what_is_no_server_of_this_kind_is_given_up_soon(
    act: Act, came: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with MisbehavingServer(lambda received: act) as server:
        with pytest.raises(ModelError, match=f"found at runtime.server_url, here {server.url}, in 3 tries; .*{came}"):
            list(model(server.url).ask(calls(50)))
        assert len(server.received) == 3
    (told,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(f"runtime.server_url, here {server.url}: {came}. Trying again, 3 tries in all.", told)


@pytest.mark.parametrize("scheme", ["https://127.0.0.1", "http://nowhere.invalid"])
def test_a_wrong_scheme_or_host_is_given_up_soon(scheme: str, capsys: pytest.CaptureFixture[str]) -> None:
    with MisbehavingServer() as server:
        url = server.url.replace("http://127.0.0.1", scheme)
        with pytest.raises(
            ModelError, match=f"here {url}, in 3 tries; .*the connection failed: .*Set runtime.server_url"
        ):
            list(model(url).ask(calls(50)))
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith(f"runtime.server_url, here {url}: the connection failed: ")


def test_a_server_that_is_still_starting_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    with MisbehavingServer() as gone:
        url = gone.url
    with pytest.raises(ModelError, match=r"has failed for .* the connection failed"):
        list(model(url, server_patience_s=0.5).ask(calls(3)))
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith(f"runtime.server_url, here {url}: the connection failed: ")
    assert told.endswith(". Trying again, for at most 0.5 s.")


def test_an_error_in_a_success_that_names_a_passing_status_is_waited_for() -> None:
    limited = Act('{"error": {"message": "busy", "code": 429}}')
    replies, server = ask(lambda r: limited if r.number < 6 else good(r), 3)
    assert {reply.finish_reason for reply in replies} == {"stop"}
    assert len(server.received) == 9


def test_a_server_that_has_answered_is_waited_for_in_any_case() -> None:
    page = Act("<html>Bad gateway</html>")
    replies, _ = ask(lambda r: page if r.prompt == "7" and r.turn < 5 else good(r), 20)
    assert {reply.finish_reason for reply in replies} == {"stop"}


@pytest.mark.parametrize("reason", ["insufficient_system_resource", "error", "FinishReason.ERROR"])
def test_an_answer_that_ends_by_the_servers_trouble_is_asked_again(reason: str) -> None:
    replies, server = ask(first(lambda r: says(r, {"content": "{"}, reason)), 3)
    assert {reply.finish_reason for reply in replies} == {"stop"}
    assert len(server.received) == 6
    with pytest.raises(ModelError, match=f"it last said: an answer that ended by '{reason}'"):
        ask(lambda r: says(r, {"content": "{"}, reason), server_patience_s=0.2)


def test_answers_before_a_failure_come_first() -> None:
    got = []
    with MisbehavingServer(lambda received: error(500, "bad") if received.prompt == "9" else good(received)) as server:
        with pytest.raises(ModelError, match="HTTP 500, bad"):
            for reply in model(server.url, server_patience_s=0.3).ask(calls(20)):
                got.append(reply.key)
        assert sorted(got) == [key for key in range(20) if key != 9]


def test_a_server_that_sets_the_pace_is_not_failing() -> None:
    # One request in three gets through, so that the last one is refused for longer than patience lasts.
    replies, _ = ask(
        lambda received: good(received) if received.number % 3 == 0 else error(429, "wait", Retry_After="0.1"),
        8,
        server_patience_s=0.5,
        server_concurrency=8,
    )
    assert len(replies) == 8


def test_a_long_wait_is_told_once_a_minute(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "NOTICE_S", 0.6)
    ask(first(error(429, "slow down", Retry_After="0.1")), 8, server_concurrency=8)
    assert not capsys.readouterr().err
    slow = first(error(429, "slow down", Retry_After="0.7"))
    # The first prompt is sent alone and answered; all others wait together.
    ask(lambda received: good(received) if received.number == 0 else slow(received), 8, server_concurrency=8)
    (told,) = capsys.readouterr().err.splitlines()
    assert "/v1, which said: HTTP 429, slow down. Asking again at " in told


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), (" 0.5 ", 0.5), ("0", 0), (None, None), ("", None), ("-1", None), ("inf", None), ("soon", None)],
)
def test_the_header_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    assert patience.retry_after(header) == seconds


@pytest.mark.parametrize("ahead", [90, -90])
def test_the_header_retry_after_as_a_date(ahead: float) -> None:
    found = patience.retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True))
    assert found == pytest.approx(max(ahead, 0), abs=2)


def test_waits_grow_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST_WAIT_S", 0.08)
    _, server = ask(lambda received: error(500, "bad") if received.turn < 9 else good(received))
    arrived = [received.at for received in server.received]
    waits = [later - earlier for earlier, later in pairwise(arrived)]
    assert all(wait >= least for wait, least in zip(waits, (0.005, 0.01, 0.02, *[0.04] * 6), strict=True))
    assert sum(waits) < 2.5  # without the bound at least 2.55
