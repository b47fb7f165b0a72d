"""Journals and segments that were damaged: what is left is what was written, and the rest is asked for again."""

import json
import random
from dataclasses import asdict
from pathlib import Path

import pytest

from sracl_core.profile.store.answers import AnswerStore, address_of
from sracl_core.profile.store.journal import Journal, StoredAnswer, _checksum, read_journal
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
    "field": line(more=1),
    "empty": b" ",
    "bytes": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_line_is_skipped_and_counted_and_hurts_no_other(tmp_path: Path, bad: str) -> None:
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
    assert "1 damaged" in store.damage() and ":1" in store.damage()
    with store.writer():  # takes the dead writer's journal over
        pass
    assert AnswerStore(tmp_path).compact() == 2


def test_no_damage_is_used_in_silence(tmp_path: Path) -> None:
    draw = random.Random(3)
    expected = {answer(number).address: answer(number) for number in range(40)}
    for number in range(300):
        folder = tmp_path / str(number)
        folder.mkdir()
        journal = Journal(folder)
        for one in expected.values():
            journal.append(one)
        path, whole = journal._path, journal._path.read_bytes()
        journal._file.close()
        content = bytearray(whole)
        place, length = draw.randrange(len(whole)), draw.choice([1, 8, 100, 1000])
        if number % 3 == 0:
            content[place] ^= 1 << draw.randrange(8)
        elif number % 3 == 1:
            content[place : place + length] = bytes(len(content[place : place + length]))
        else:
            del content[place:]
        path.write_bytes(content)
        answers, damaged = read_journal(path)
        assert all(expected[one.address] == one for one in answers)
        lines, left = whole.split(b"\n"), bytes(content).split(b"\n")
        assert len(answers) == len(set(lines) & set(left) - {b""})
        assert damaged or len(answers) == len(left) - 1


def test_a_segment_of_another_kind_is_left_out(tmp_path: Path) -> None:
    """Its name is the digest of its bytes, which anybody can work out."""
    import hashlib

    with AnswerStore(tmp_path).writer() as writer:
        writer.add(answer(1))
    for content in (b"no Parquet", b"PAR1"):
        (tmp_path / f"{hashlib.sha256(content).hexdigest()}.parquet").write_bytes(content)
    store = AnswerStore(tmp_path)
    assert list(store.find([answer(1).address])) == [answer(1).address]
    assert store.damaged == 2


def test_a_full_disk_ends_it_in_a_line_and_loses_nothing_before(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from sracl_core.errors import StorageError
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.profile.store.journal import StoredAnswer, Journal, read_journal
folder = Path(sys.argv[1])
journal, kept = Journal(folder), 0
try:
    for number in range(100_000):
        journal.append(StoredAnswer(f"{number:064x}", "model", "x" * 5000, "llm", 1, 1))
        kept += 1
except StorageError as error:
    print("full" if "its disk is full" in str(error) else error)
answers, damaged = read_journal(journal._path)
print(len(answers) == kept > 50, len(damaged) <= 1)
"""
    done = run_on_small_disk(tmp_path / "small", "1m", program, str(tmp_path / "small"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "full\nTrue True\n", "")
