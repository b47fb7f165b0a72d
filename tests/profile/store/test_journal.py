"""Journals and segments that were damaged: what is left is what was written, and the rest is asked for again."""

import json
import random
from dataclasses import asdict
from pathlib import Path

import pytest

from sracl_core.profile.store.answers import AnswerStore, address_of
from sracl_core.profile.store.journal import Journal, _checksum, read_journal
from sracl_core.profile.store.stored import StoredAnswer
from tests.small_disk import run_on_small_disk


def answer(number: int) -> StoredAnswer:
    return StoredAnswer(address_of("model", str(number)), "model", f"text {number} é", "llm", number, None)


def line(**changes: object) -> bytes:
    content = json.dumps({**asdict(answer(1)), **changes}).encode()
    return _checksum(content) + b" " + content


BAD = {
    "deep": _checksum(b"[" * 100_000) + b" " + b"[" * 100_000,
    "no checksum": json.dumps(asdict(answer(1))).encode(),
    "surrogate": line(text="\ud800"),
    "huge": line(tokens_in=2**40),
    "endless": line(tokens_in=10**4000),
    "negative": line(tokens_out=-1),
    "truth": line(tokens_in=True),
    "address": line(address="../../x"),
    "number": line(text=7),
    "blank": line(text=" \n"),
    "field": line(more=1),
    "empty": b" ",
    "bytes": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_line_is_skipped_and_counted_and_hurts_no_other(
    tmp_path: Path, bad: str, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Journal(tmp_path)
    journal.append(answer(1))
    journal._file.write(BAD[bad] + b"\n")
    journal.append(answer(2))
    journal._file.close()
    store = AnswerStore(tmp_path)
    for _ in range(2):
        assert store.find([answer(number).address for number in (1, 2, 3)]) == {
            answer(number).address: answer(number) for number in (1, 2)
        }
    assert store.damaged == 1
    for told in ("1 journal line", ""):  # once
        store.tell_damage()
        assert told in (said := capsys.readouterr().err) and bool(told) == bool(said)
        assert not said or f"({journal._path.name} line 3). " in said
    with store.writer():  # takes the dead writer's journal over
        pass
    assert AnswerStore(tmp_path).compact() == 2


def damaged(content: bytes, draw: random.Random) -> bytes:
    """`content` with a flipped bit, a zeroed block, or cut."""
    place, length = draw.randrange(len(content)), draw.choice([1, 8, 100, 1000])
    kind = draw.choice(["flip", "zeros", "cut"])
    if kind == "cut":
        return content[:place]
    changed = bytes([content[place] ^ 1 << draw.randrange(8)]) if kind == "flip" else bytes(length)
    return content[:place] + changed + content[place + len(changed) :]


def test_no_damage_is_used_in_silence(tmp_path: Path) -> None:
    draw = random.Random(3)
    written = {answer(number).address: answer(number) for number in range(60)}
    store = AnswerStore(tmp_path)
    store.add_segment([answer(number) for number in range(30, 60)])
    journal = Journal(tmp_path)
    for number in range(40):  # ten of them are in both
        journal.append(answer(number))
    journal._file.close()
    [segment] = tmp_path.glob("*.parquet")
    lines, segment_bytes = journal._path.read_bytes(), segment.read_bytes()
    for number in range(400):
        left = damaged(lines, draw) if number % 2 else lines
        journal._path.write_bytes(left)
        broken = number % 2 == 0 or draw.random() < 0.2
        segment.write_bytes(damaged(segment_bytes, draw) if broken else segment_bytes)
        store = AnswerStore(tmp_path)
        found = store.find(list(written))
        assert all(written[address] == row for address, row in found.items())
        whole = set(lines.split(b"\n")) & set(left.split(b"\n")) - {b""}
        survived = {row.address for row in read_journal(journal._path)[0]}
        assert len(survived) == len(whole)
        broken = segment.read_bytes() != segment_bytes
        assert set(found) == survived | (set() if broken else {answer(one).address for one in range(30, 60)})
        assert store.damaged == broken + len(set(left.split(b"\n")) - set(lines.split(b"\n")))


def test_the_line_that_a_living_writer_is_at_is_no_damage(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(answer(1))
    journal._file.write(line()[:50])
    assert read_journal(journal._path) == ([answer(1)], [])
    journal.append(answer(2))
    assert read_journal(journal._path) == ([answer(1), answer(2)], [3])


def test_a_full_disk_ends_it_in_a_line_and_loses_nothing_before(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from sracl_core.ground.errors import StorageError
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.profile.store.journal import Journal, read_journal
from sracl_core.profile.store.stored import StoredAnswer
folder = Path(sys.argv[1])
journal, kept = Journal(folder), 0
try:
    for number in range(100_000):
        journal.append(StoredAnswer(f"{number:064x}", "model", "x" * 5000, "llm", 1, 1))
        kept += 1
except StorageError as error:
    print("full" if "its disk is full" in str(error) else error)
answers, damaged = read_journal(journal._path, ended=True)
print(len(answers) == kept > 50, damaged)
"""
    done = run_on_small_disk(tmp_path / "small", "1m", program, str(tmp_path / "small"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "full\nTrue []\n", "")


def test_a_run_that_fills_the_disk_leaves_its_answers_to_the_next(tmp_path: Path) -> None:
    program = """
import sys
from contextlib import suppress
from pathlib import Path
from sracl_core.ground.errors import StorageError
from sracl_core.profile.store.answers import AnswerStore
from tests.profile.store.test_journal import answer
folder, kept = Path(sys.argv[1]), []
fill = folder / "other"
try:
    with AnswerStore(folder / "store").writer() as writer:
        for number in range(100_000):
            writer.add(answer(number))
            kept.append(answer(number).address)
            if number == 100:
                with suppress(OSError), fill.open("wb", buffering=0) as file:
                    while file.write(bytes(4096)) == 4096:
                        pass
except StorageError as error:
    told = str(error)
    print("full" if "its disk is full" in told and "The answers that came before are kept" in told else error)
store = AnswerStore(folder / "store")
print(len(kept) > 100, set(store.find(kept)) == set(kept), store.damaged)
fill.unlink()
with store.writer():
    pass
print(len(list((folder / "store").glob("*.journal"))), store.compact() == len(kept))
"""
    done = run_on_small_disk(tmp_path / "small", "1m", program, str(tmp_path / "small"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["full", "True True 0", "0 True"]
