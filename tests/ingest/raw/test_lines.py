"""Lines: numbers, line ends, encodings, quoted line breaks, across block borders."""

import csv
import io
import re
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw import lines, multiline
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.lines import LineReader
from sracl_core.ingest.raw.quoting import Quoting


def read(path: Path, **options: object) -> list[tuple[int, str, str | None]]:
    found = []
    for batch in LineReader(RawFile(path.name, path), **options).batches():  # type: ignore[arg-type]
        found += [(row["line"], row["text"], row["damage"]) for row in batch.to_pylist()]
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.txt"


@pytest.mark.parametrize("block", [1, 3, 1 << 20])
def test_numbers_survive_blank_lines_line_ends_and_block_borders(
    file: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(lines, "BLOCK_BYTES", block)
    file.write_bytes(b"\xef\xbb\xbfone\r\n\n\r\nfour\nf\xc3\xbcnf")
    assert read(file) == [(1, "one", None), (4, "four", None), (5, "fünf", None)]


def test_blank_lines_are_counted(file: Path) -> None:
    file.write_text("\na\n\n\nb\n")
    reader = LineReader(RawFile("f", file))
    assert sum(batch.num_rows for batch in reader.batches()) == 2
    assert reader.remarks.blank_lines == 3


def test_a_line_that_is_not_utf8_is_damaged_alone(file: Path) -> None:
    file.write_bytes(b"good\ncaf\xe9\ng\xc3\xbct\n")
    assert read(file) == [
        (1, "good", None),
        (2, "caf\ufffd", "is not UTF-8 text (byte 4 of the line)"),
        (3, "güt", None),
    ]
    assert read(file, latin1=True)[1] == (2, "café", None)


def test_a_quoted_field_may_hold_line_breaks(file: Path) -> None:
    file.write_text('a,"one\ntwo ""x""\n\nthree",b\nc,d,e\n')
    assert read(file, quoting=Quoting(",")) == [(1, 'a,"one\ntwo ""x""\n\nthree",b', None), (5, "c,d,e", None)]


def test_a_stray_quote_swallows_nothing(file: Path) -> None:
    file.write_text('1,5" nail\n2,b\n3,7" nail\n')
    assert [line for line, _, _ in read(file, quoting=Quoting(","))] == [1, 2, 3]


@pytest.mark.parametrize("block", [7, 1 << 20])
def test_a_quote_never_closed_costs_one_line(file: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(multiline, "LONGEST_RECORD_BYTES", 30)
    monkeypatch.setattr(lines, "BLOCK_BYTES", block)
    file.write_text('1,"open\n' + "".join(f"{n},row\n" for n in range(2, 20)))
    assert [line for line, _, _ in read(file, quoting=Quoting(","))] == list(range(1, 20))


def test_a_file_without_lines_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE_BYTES", 100)
    monkeypatch.setattr(lines, "BLOCK_BYTES", 64)
    file.write_text("ok\n" + "x" * 1000)
    with pytest.raises(DataError, match=r"file.txt, line 2: longer than"):
        read(file)


cells = st.text(alphabet='ab,"\n é', max_size=6)


@given(rows=st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=8), block=st.integers(8, 40))
def test_records_are_those_of_the_csv_module(tmp_path_factory: pytest.TempPathFactory, rows: list, block: int) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    file = tmp_path_factory.mktemp("csv") / "file.csv"
    file.write_text(written.getvalue(), encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", block)
        found = read(file, quoting=Quoting(","))
    assert [next(csv.reader(io.StringIO(text, newline=""))) for _, text, _ in found] == rows
    before = [sum(cell.count("\n") for row in rows[:place] for cell in row) + place for place in range(len(rows))]
    assert [line for line, _, _ in found] == [count + 1 for count in before]


def test_two_stray_quotes_swallow_nothing_between_them(file: Path) -> None:
    rows = [f"u,i{n},{n}" for n in range(1000)]
    rows[100], rows[900] = 'u,"i100,100', 'u,"i900,900'
    file.write_text("\n".join(rows) + "\n")
    assert [text for _, text, _ in read(file, quoting=Quoting(","))] == rows


@pytest.mark.parametrize("block", [16, 1 << 20])
def test_a_record_may_close_and_open_quotes_on_its_way(file: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(lines, "BLOCK_BYTES", block)
    file.write_text('a,"x\ny","z\nw"\nb,c,d\n')
    assert read(file, quoting=Quoting(",")) == [(1, 'a,"x\ny","z\nw"', None), (4, "b,c,d", None)]


def test_long_records_are_counted(file: Path) -> None:
    file.write_text('a,"' + "line\n" * 60 + '"\nb,"one\ntwo"\n')
    reader = LineReader(RawFile("f", file), quoting=Quoting(","))
    assert sum(batch.num_rows for batch in reader.batches()) == 2
    assert (reader.remarks.long_records, reader.remarks.first_long_record) == (1, 1)


def test_lines_of_delimiters_alone_are_blank(file: Path) -> None:
    file.write_text("a,b\n,,\n \t\n , ,\nc,d\n")
    reader = LineReader(RawFile("f", file), quoting=Quoting(","))
    assert [row["text"] for batch in reader.batches() for row in batch.to_pylist()] == ["a,b", "c,d"]
    assert reader.remarks.blank_lines == 3


def test_records_are_numbered_apart_from_lines(file: Path) -> None:
    file.write_text("a\n\nb\nc\n")
    table = LineReader(RawFile("f", file)).reader().read_all()
    assert (table["record"].to_pylist(), table["line"].to_pylist()) == ([1, 2, 3], [1, 3, 4])


def joined_by_definition(text: bytes, quoting: Quoting, longest: int) -> list[int]:
    """The numbers of the lines at which records begin, by what the grammar says of a record as a whole."""
    parts, found, line = text.splitlines(keepends=True), [], 0
    opens, whole = (re.compile(pattern.encode()) for pattern in (quoting.open_record(), quoting.whole_record()))
    while line < len(parts):
        found.append(line)
        last = line
        while opens.fullmatch(b"".join(parts[line : last + 1])) and last + 1 < len(parts):
            last = next((n for n in range(last + 1, len(parts)) if parts[n].count(b'"') % 2), len(parts))
            record = b"".join(parts[line : last + 1])
            if last == len(parts) or len(record) > longest:
                break
            if whole.fullmatch(record.rstrip(b"\n")):
                line = last
                break
        line += 1
    return found


@given(st.text(st.sampled_from('"",\n a'), min_size=1, max_size=60), st.booleans(), st.sampled_from([8, 20, 1000]))
def test_lines_are_joined_as_the_grammar_says(text: str, spaced: bool, longest: int) -> None:
    data, quoting = f"{text}\n".encode(), Quoting(",", spaced=spaced)
    offsets = np.concatenate([[0], np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multiline, "LONGEST_RECORD_BYTES", longest)
        numbers, begins = multiline.LineJoiner(quoting).join(data, offsets, final=True)
    assert numbers[:-1].tolist() == joined_by_definition(data, quoting, longest)
    assert begins.tolist() == offsets[numbers].tolist()


@pytest.mark.parametrize("line", ['"', 'x,"a', '"""', ',"', 'x",a"b,"c'])
def test_stray_quotes_take_no_more_time_than_their_number(file: Path, line: str) -> None:
    file.write_text(f"{line}\n" * (400_000 // len(line)))
    started = time.perf_counter()
    assert read(file, quoting=Quoting(","))
    assert time.perf_counter() - started < 10  # where each looks at all that follow, it is minutes
