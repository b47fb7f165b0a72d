"""The store of paid answers: nothing lost, nothing doubled, damage seen."""

import multiprocessing
from pathlib import Path

import pytest

from sracl_core.profile.store import answers as store_module
from sracl_core.profile.store.answers import AnswerStore, address_of
from sracl_core.profile.store.journal import Journal, claimed, read_journal
from sracl_core.profile.store.stored import StoredAnswer


def answer(number: int, text: str = "") -> StoredAnswer:
    return StoredAnswer(address_of("model", str(number)), "model", text or f"text {number} é", "llm", number, None)


def write(folder: Path, numbers: list[int], text: str = "") -> None:
    with AnswerStore(folder).writer() as writer:
        for number in numbers:
            writer.add(answer(number, text))


def found(folder: Path, numbers: list[int]) -> dict[str, StoredAnswer]:
    return AnswerStore(folder).find([answer(number).address for number in numbers])


def test_answers_come_back_whole(tmp_path: Path) -> None:
    write(tmp_path, [1, 2, 3])
    assert found(tmp_path, [2, 3, 4]) == {answer(number).address: answer(number) for number in (2, 3)}


def test_an_empty_or_missing_folder_has_no_answer(tmp_path: Path) -> None:
    assert found(tmp_path / "none", [1]) == {}
    assert not (tmp_path / "none").exists()
    write(tmp_path, [])
    assert found(tmp_path, [1]) == {}


def test_the_address_tells_identity_and_prompt_apart() -> None:
    assert len({address_of("ab", "c"), address_of("a", "bc"), address_of("abc", ""), address_of("", "abc")}) == 4


def test_an_answer_is_seen_before_its_writer_ends(tmp_path: Path) -> None:
    with AnswerStore(tmp_path).writer() as writer:
        writer.add(answer(1))
        assert len(found(tmp_path, [1])) == 1


def test_long_journals_become_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "JOURNAL_ANSWERS", 2)
    with AnswerStore(tmp_path).writer() as writer:
        for number in range(5):
            writer.add(answer(number))
        assert len(list(tmp_path.glob("*.parquet"))) == 2
        assert len(found(tmp_path, list(range(5)))) == 5
    assert len(list(tmp_path.glob("*.parquet"))) == 3
    assert not list(tmp_path.glob("*.journal"))


def test_a_damaged_segment_is_left_out_and_counted(tmp_path: Path) -> None:
    write(tmp_path, [1])
    write(tmp_path, [2])
    damaged = next(path for path in tmp_path.glob("*.parquet") if b"text 1" in path.read_bytes())
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    (tmp_path / ("0" * 64 + ".parquet")).write_bytes(b"PAR1")
    store = AnswerStore(tmp_path)
    assert list(store.find([answer(1).address, answer(2).address])) == [answer(2).address]
    assert store.damaged == 2


def test_the_name_of_a_damaged_file_forges_no_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, [1])
    (tmp_path / "a\nerror: \x1b[31m.parquet").write_bytes(b"PAR1")
    store = AnswerStore(tmp_path)
    store.find([answer(1).address])
    store.tell_damage()
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and r"a\nerror: \x1b[31m.parquet" in told


def test_a_cut_journal_line_is_left_out_and_counted(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(answer(1))
    journal._file.write(b'{"address": "half')
    journal._file.close()
    store = AnswerStore(tmp_path)
    assert len(store.find([answer(1).address])) == 1
    assert store.damaged == 1


@pytest.mark.parametrize("line", [b"[]", b'{"address": 1}', b"null", b"\xff", b'{"text": "no more"}'])
def test_a_journal_line_that_is_no_answer_is_refused(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "x.journal"
    path.write_bytes(line + b"\n")
    assert read_journal(path) == ([], [1])


def test_a_dead_writers_journal_is_taken_over_and_a_living_ones_is_not(tmp_path: Path) -> None:
    dead, living = Journal(tmp_path), Journal(tmp_path)
    dead.append(answer(1))
    living.append(answer(2))
    dead._file.close()
    with claimed(living._path) as free:
        assert not free
    with AnswerStore(tmp_path).writer():
        pass
    assert list(tmp_path.glob("*.journal")) == [living._path]
    assert len(found(tmp_path, [1, 2])) == 2


def test_two_answers_at_one_address_are_one_the_same_for_all(tmp_path: Path) -> None:
    for folder, texts in (("a", ("x", "y")), ("b", ("y", "x"))):
        for text in texts:
            write(tmp_path / folder, [1], text)
        assert [row.text for row in found(tmp_path / folder, [1]).values()] == ["x"]
        assert AnswerStore(tmp_path / folder).compact() == 1
        assert [row.text for row in found(tmp_path / folder, [1]).values()] == ["x"]


def test_compaction_keeps_every_answer_in_one_segment(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path, [number, number + 1])
    (tmp_path / ".left.part").write_bytes(b"from a killed writer")
    before = found(tmp_path, list(range(6)))
    assert AnswerStore(tmp_path).compact() == 6
    assert AnswerStore(tmp_path).compact() == 6
    assert sorted(path.suffix for path in tmp_path.iterdir()) == ["", "", ".parquet"]  # lock and asking
    assert found(tmp_path, list(range(6))) == before


def test_a_new_writer_removes_what_killed_ones_had_begun_and_nothing_of_living_ones(tmp_path: Path) -> None:
    with AnswerStore(tmp_path).writer() as writer:
        writer.add(answer(1))
        for name in (f".{'0' * 64}.parquet.0a1b.part", f".{'1' * 32}.part"):
            (tmp_path / name).write_bytes(b"from a killed writer")
        with AnswerStore(tmp_path).writer() as another:
            another.add(answer(2))
            assert not list(tmp_path.glob(".*"))
    assert len(found(tmp_path, [1, 2])) == 2


def test_the_same_answers_make_the_same_segment(tmp_path: Path) -> None:
    write(tmp_path, [1, 2])
    write(tmp_path, [1, 2])
    assert len(list(tmp_path.glob("*.parquet"))) == 1


def _write_many(folder: Path, numbers: list[int]) -> None:
    for start in range(0, len(numbers), 10):
        write(folder, numbers[start : start + 10])
    AnswerStore(folder).compact()


def test_writers_and_compaction_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    parts = [list(range(start, start + 60)) for start in (0, 30, 60)]
    processes = [context.Process(target=_write_many, args=(tmp_path, part)) for part in parts]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(found(tmp_path, list(range(120)))) == 120
    assert AnswerStore(tmp_path).compact() == 120
