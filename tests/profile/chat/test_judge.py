"""A run is judged after its first 32 replies, and then all along; what is broken is shown, and what is good is kept."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.ground.errors import ModelError
from sracl_core.params.profile import LlmParams
from sracl_core.profile.asking.write import write_profile_table
from sracl_core.profile.chat import judge
from sracl_core.profile.chat.answers import CUT_SHORT, ONLY_REASONING, ONLY_SPACE
from sracl_core.profile.chat.judge import ASKED_FIRST, FIRST, RECENT, Judge, shown
from sracl_core.profile.store.answers import AnswerStore
from tests.profile.engines.server import KEY, Act, MisbehavingServer, Received, engine, error, good, requests, says

COUNT = 400
AT_ONCE = 2 * 4  # replies in hand when the run is stopped


pytestmark = pytest.mark.usefixtures("quick_server")


def run(
    folder: Path, script: Callable[[Received], Act], count: int = COUNT, max_fallback: float = 0.0, **llm: Any
) -> tuple[str, MisbehavingServer]:
    """The error that ends a run, "" where none does, and the server that was asked."""
    with MisbehavingServer(script) as server:
        try:
            write_profile_table(
                folder / "table", requests(count), engine(server.url, llm), AnswerStore(folder / "store"),
                Provenance("test", "0", "0"), max_fallback=max_fallback, total=count,
            )  # fmt: skip
        except ModelError as stopped:
            return str(stopped), server
    return "", server


def number(received: Received) -> int:
    return int(re.findall(r"Tea (\d+)", received.prompt)[0])


def test_a_run_that_is_all_broken_ends_after_32_and_shows_three(tmp_path: Path) -> None:
    def script(received: Received) -> Act:
        chosen = number(received) % 3
        if chosen == 0:
            return good(received, f"\x1b[31mSorry,\r\nno\x07 {received.headers['authorization']} {'y' * 500}")
        return good(received, '{"other": "x"}') if chosen == 1 else says(received, {"content": None, "reasoning": "Hm"})

    said, server = run(tmp_path, script)
    assert FIRST <= len(server.received) <= FIRST + AT_ONCE
    first, *examples, last = said.split("\n")
    assert first == (
        "The model 'tiny' gave no usable answer to 32 of the first 32 prompts, above the share 0.5 that "
        "profile.llm.max_broken allows. Nothing more was asked, so that no more is paid for. Some of them:"
    )
    assert len(examples) == 3
    shown = "\n".join(sorted(example[5:] for example in examples))
    assert shown.split("\n")[0].startswith(r"not JSON: \x1b[31mSorry,\r\nno\x07 Bearer *** yyyy")
    assert shown.split("\n")[0].endswith("y…")
    assert shown.split("\n")[1].startswith("only reasoning and no answer (set profile.llm.max_tokens higher")
    assert shown.split("\n")[2] == 'other fields than asked for: {"other": "x"}'
    assert all(example.isprintable() for example in examples)
    assert KEY not in said
    assert last.endswith("Good answers are kept: run it again after the change.")


def test_good_answers_are_kept_when_the_run_ends(tmp_path: Path) -> None:
    script = lambda r: good(r, None if number(r) % 4 == 0 else "Sorry.")  # noqa: E731
    said, _ = run(tmp_path, script)
    assert re.search("2[345] of the first 32 prompts", said)  # those under way at once come in any order
    assert not (tmp_path / "table").exists()
    kept = AnswerStore(tmp_path / "store").contents().num_rows
    assert kept >= 7
    said, server = run(tmp_path, good)
    assert said == ""
    assert len(server.received) == COUNT - kept


def test_a_server_that_fails_late_is_noticed_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "RECENT", 64)
    said, server = run(tmp_path, lambda r: good(r, None if r.number < 200 else "Sorry."))
    assert "33 of the last 64 prompts" in said
    assert 200 + 33 <= len(server.received) <= 200 + 33 + AT_ONCE


def test_a_refused_prompt_counts_like_a_broken_one(tmp_path: Path) -> None:
    said_by_server = "This model's maximum context length is 2048 tokens"

    def script(received: Received) -> Act:
        if number(received) == 0:
            return good(received)
        return error(400, said_by_server) if number(received) % 2 else good(received, "Sorry.")

    said, _ = run(tmp_path, script)
    assert "31 of the first 32 prompts" in said
    assert f". refused: {said_by_server}\n" in said
    assert "not JSON: Sorry." in said


def test_a_share_that_is_allowed_goes_on(tmp_path: Path) -> None:
    """Broken first attempts are asked for again, and cost no more than that."""
    said, server = run(tmp_path, lambda r: good(r, "Sorry." if r.turn == 0 and number(r) % 3 == 0 else None), 150)
    assert said == ""
    assert len(server.received) == 150 + 50
    said, _ = run(tmp_path / "other", lambda r: good(r, "Sorry." if r.turn == 0 else None), 64, max_broken=1.0)
    assert said == ""


def test_only_first_attempts_are_judged(tmp_path: Path) -> None:
    """A third of the prompts stays broken at every attempt: half of all calls, but a third of the first attempts."""
    said, server = run(tmp_path, lambda r: good(r, None if number(r) % 3 else "Sorry."), 150, 1.0, max_broken=0.4)
    assert said == ""
    assert len(server.received) == 150 + 2 * 50


def test_a_small_run_ends_through_max_fallback_and_shows_three(tmp_path: Path) -> None:
    said, server = run(tmp_path, lambda r: good(r, f"Sorry, no {number(r)}.\x1b"), 10)
    assert len(server.received) == 3 * 10
    assert "failed for 10 of the first 10 profiles of 10, above the share 0.0 that profile.max_fallback allows" in said
    first, *examples, last = said.split("\n")
    assert first.endswith("Some of its failures:")
    assert [re.sub(r"\d+\.", "#.", example) for example in examples] == [
        r"  #. not JSON: Sorry, no #.\x1b" for _ in range(3)
    ]
    assert last.startswith("Look at these, then run the stage again")


def test_a_run_that_cannot_succeed_any_more_stops(tmp_path: Path) -> None:
    """A third of the prompts stays broken, and one in a hundred may: only a sample of them is asked again."""
    script = lambda r: good(r, None if number(r) % 3 else "Sorry.")  # noqa: E731
    said, server = run(tmp_path, script, 600, 0.01)
    assert len(server.received) == 600 + 2 * ASKED_FIRST
    assert said.startswith(
        "The model 'tiny' gave no usable answer to 200 prompts at first. Of these, 32 were asked again, up to 3 times "
        "in all, and 32 stayed broken. So about 200 answers would be replaced by extractive ones, and "
        "profile.max_fallback leaves room for 6. Nothing more was asked"
    )
    assert "\n  1. not JSON: Sorry.\n" in said
    assert "See whether the server holds the model to the JSON schema" in said
    assert AnswerStore(tmp_path / "store").contents().num_rows == 400
    said, server = run(tmp_path, good, 600, 0.01)
    assert said == ""
    assert len(server.received) == 200


def test_what_can_still_be_mended_is_mended(tmp_path: Path) -> None:
    """A third is broken, and one of each four of these stays so: a twelfth in all."""
    bad = lambda r: number(r) % 3 == 0 and (r.turn == 0 or number(r) % 12 == 0)  # noqa: E731
    script = lambda r: good(r, "Sorry." if bad(r) else None)  # noqa: E731
    said, server = run(tmp_path, script, 600, 0.09)
    assert said == ""
    assert len(server.received) == 600 + 200 + 50
    said, server = run(tmp_path / "strict", script, 600, 0.01)
    assert "and 8 stayed broken. So about 50 answers would be replaced" in said
    assert len(server.received) == 600 + ASKED_FIRST + 8


def test_what_was_replaced_before_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty of the first half are replaced, and there is room for no fifty more."""
    monkeypatch.setattr("sracl_core.profile.asking.write.WINDOW", 300)
    script = lambda r: good(r, "Sorry." if number(r) % 6 == 0 else None)  # noqa: E731
    said, server = run(tmp_path, script, 600, 0.1)
    assert "and profile.max_fallback leaves room for 10." in said
    assert len(server.received) == 300 + 2 * 50 + 300 + 2 * ASKED_FIRST


@pytest.mark.parametrize(
    ("reason", "llm", "expected"),
    [
        (
            "cut at the token limit",
            {},
            "Set profile.llm.max_tokens, here 400, higher: what a model reasons counts, too",
        ),
        (ONLY_REASONING, {}, "Set profile.llm.max_tokens, here 400, higher"),
        ("not JSON", {"structure": "json_object"}, "Set profile.llm.structure to json_schema if the server knows it"),
        (
            "not JSON",
            {"request": {"leave_out": ["response_format"]}},
            "Take response_format out of profile.llm.request",
        ),
        ("empty", {}, "See whether the server holds the model to the JSON schema"),
        ("repeats the instructions", {}, "Set profile.llm.model to one that follows instructions better"),
        ("ended by \"refused: Unknown parameter: 'seed'\"", {}, "Set profile.llm.request.leave_out to [seed]."),
        ("ended by 'refused: filtered'", {}, "See what the server says, and docs/profiles.md"),
        ("ended by 'content_filter'", {}, "The server's content filter holds these answers back: loosen the filter"),
        ("ended by 'SAFETY'", {}, "The server's content filter holds these answers back: loosen the filter"),
        ("ended by 'refusal'", {}, "The model itself refuses to answer, in the words above: see that profile.domain"),
        ("ended by 'tool_calls'", {}, "The model calls tools, although it is offered none: start the server without"),
        ("ended by 'error'", {}, "The server failed while it wrote these answers: see its log"),
        ("ended by 'insufficient_system_resource'", {}, "The server failed while it wrote these answers"),
        ("ended by 'FinishReason.ABORT'", {}, "The server broke these answers off: see its log"),
        ("ended by '7'", {}, "The server ended these answers in a way that is not known here"),
        (
            ONLY_SPACE,
            {},
            "The model fills its answers with white space, which JSON allows: start vLLM with disable_any",
        ),
        ("far longer than asked for", {}, "Set profile.llm.model to one that follows instructions better"),
        ("a field twice, with different values", {}, "Set profile.llm.model to one that follows instructions better"),
    ],
)
def test_the_error_says_what_to_change(reason: str, llm: dict[str, Any], expected: str) -> None:
    chosen = Judge(LlmParams.model_validate(llm))
    with pytest.raises(ModelError) as stopped:
        for _ in range(FIRST):
            chosen.broken(reason, reason)
    assert f"\n{expected}" in str(stopped.value)


def test_the_share_is_that_of_the_last_replies() -> None:
    chosen = Judge(LlmParams(max_broken=0.5))
    for _ in range(10_000):
        chosen.good()
    for _ in range(RECENT // 2):
        chosen.broken("empty", "empty")
    with pytest.raises(ModelError, match=f"{RECENT // 2 + 1} of the last {RECENT} prompts"):
        chosen.broken("empty", "empty")


def test_thirty_one_replies_say_too_little() -> None:
    chosen = Judge(LlmParams())
    for _ in range(FIRST - 1):
        chosen.broken("empty", "empty")
    with pytest.raises(ModelError, match="31 of the first 32 prompts"):
        chosen.good()


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        (("not JSON", " So\x1b\u202erry \n", "stop", False), r"not JSON: So\x1b\u202erry"),
        (("empty", "  ", "stop", False), "empty"),
        ((CUT_SHORT, "", "length", True), "cut at the token limit, while it still reasoned"),
        ((CUT_SHORT, '{"preferences": "Te', "length", True), 'cut at the token limit: {"preferences": "Te'),
        (("ended by 'refused: #'", "", "refused: 7 is too many", False), "refused: 7 is too many"),
    ],
)
def test_a_broken_answer_is_shown_in_one_line(came: tuple[str, str, str, bool], expected: str) -> None:
    assert shown(*came) == expected
