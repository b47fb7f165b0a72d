"""The engine openai against a server that misbehaves: in order, bounded, paid once, silent about the key."""

import logging
import threading
import time
from pathlib import Path

import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table
from sracl_core.ground.errors import ModelError
from sracl_core.profile.asking.write import write_profile_table
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.schemas.profiles import PROFILES
from tests.profile.engines.server import (
    KEY,
    Act,
    MisbehavingServer,
    Received,
    ask,
    calls,
    engine,
    error,
    good,
    model,
    requests,
)

pytestmark = pytest.mark.usefixtures("quick_server")


def test_calls_enter_in_order_and_no_more_at_once_than_allowed() -> None:
    replies, server = ask(lambda received: Act(**{**vars(good(received)), "delay": 0.02}), 40)
    assert sorted(reply.key for reply in replies) == list(range(40))
    assert server.most_at_once == 4
    arrived = [int(prompt) for prompt in server.prompts]
    # Those under way at once may overtake one another on their way.
    assert all(abs(key - place) < 4 for place, key in enumerate(arrived))


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_prompt_costs_only_itself(status: int) -> None:
    replies, server = ask(lambda r: error(status, "content filter") if int(r.prompt) % 2 else good(r), 20)
    refused = {reply.key: reply for reply in replies if reply.finish_reason != "stop"}
    assert sorted(refused) == list(range(1, 20, 2))
    assert {(reply.text, reply.finish_reason) for reply in refused.values()} == {("", "refused: content filter")}
    assert len(server.received) == len(replies) == 20


def test_a_server_that_refuses_everything_is_given_up_early() -> None:
    asked = []

    def script(received: Received) -> Act:
        asked.append(received)
        return error(400, "not today")

    match = r"not today\. Check profile\.llm\.model, here 'tiny'; see whether the model's context holds a prompt"
    with pytest.raises(ModelError, match=match):
        ask(script, 1000)
    assert len(asked) < 30


def test_prompts_that_are_refused_again_are_no_reason_to_give_up() -> None:
    replies, server = ask(lambda r: error(400, "filtered") if r.prompt.isdigit() else good(r), 12)
    assert [reply.finish_reason for reply in replies] == ["refused: filtered"] * 12
    assert len(server.received) == 13


def test_who_stops_listening_stops_the_requests() -> None:
    with MisbehavingServer(lambda received: good(received) if received.number < 3 else Act(delay=20)) as server:
        replies = model(server.url).ask(calls(20_000))
        next(replies)
        since = time.monotonic()
        replies.close()
        assert time.monotonic() - since < 2
        assert not [thread for thread in threading.enumerate() if thread.name == "openai"]
        assert len(server.received) <= 8


def test_replies_do_not_pile_up_where_they_are_taken_slowly() -> None:
    with MisbehavingServer() as server:
        replies = model(server.url).ask(calls(100))
        next(replies)
        time.sleep(0.5)
        assert len(server.received) <= 1 + 2 * 4
        assert len(list(replies)) == 99


def test_profiles_are_paid_once_and_the_key_stays_where_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)

    def script(received: Received) -> Act:
        if received.number == 4:
            return error(500, f"you sent {received.headers['authorization']}")
        if received.number == 6:  # echoes a header, as no server should
            return good(received, f'{{"preferences": "Tea and {received.headers["authorization"]}"}}')
        return good(received)

    with MisbehavingServer(script) as server:
        for run in range(2):
            writer, store = engine(server.url), AnswerStore(tmp_path / "store")
            table = tmp_path / f"table{run}"
            counts = write_profile_table(
                table, requests(30), writer, store, Provenance("test", "0", "0"), max_fallback=0, total=30
            )
            assert (counts.profiles, counts.stored, counts.replaced) == (30, 30 * run, 0)
            assert len(server.received) == 31  # the second run asked nothing
    assert (writer.name, writer.paid) == ("openai", True)
    rows = read_table(tmp_path / "table1", PROFILES).to_pylist()
    assert [(row["key"], row["engine"], row["tokens_in"], row["tokens_out"]) for row in rows] == [
        (key, "openai", 50, 7) for key in range(30)
    ]
    assert (tmp_path / "table0").read_bytes() == (tmp_path / "table1").read_bytes()
    seen = [caplog.text, *capfd.readouterr(), repr(vars(writer.model)), writer.account(), writer.identity]
    assert not [text for text in seen if KEY in text]
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert all(received.headers["authorization"] == f"Bearer {KEY}" for received in server.received)
