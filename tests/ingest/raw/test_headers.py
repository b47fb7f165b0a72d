"""Delimited files: the delimiter that fits, headers of any kind, and what a message says of one that does not fit."""

from pathlib import Path

import pytest

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.headers import (
    DELIMITERS,
    columns_found,
    delimited_with_header,
    likely_cause,
    read_header,
    without_header,
)

WANTED = ("user_id", "item_id")


def file(path: Path, text: str | bytes) -> RawFile:
    (path / "f.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return RawFile("f.csv", path / "f.csv")


@pytest.mark.parametrize(
    ("text", "columns", "delimiter"),
    [
        ("user_id,item_id,when\n", ("user_id", "item_id", "when"), ","),
        ("user_id\titem_id\n", WANTED, "\t"),
        ("user_id;item_id;a,b,c\n", ("user_id", "item_id", "a,b,c"), ";"),
        ("user_id , item_id\n", WANTED, ","),
        ('user_id, "item_id"\n', WANTED, ","),
        ('"user_id","a\nb",item_id\n', ("user_id", "a\nb", "item_id"), ","),
        ('user_id,"item ""x"""\n', ("user_id", 'item "x"'), ","),
        ("user_id," + "x" * 300_000 + "\n", ("user_id", "x" * 300_000), ","),
        ("\n\nuser_id,item_id\n", WANTED, ","),
        ("user_id,item_id", WANTED, ","),
    ],
)
def test_a_header_is_read_with_the_delimiter_that_fits(
    tmp_path: Path, text: str, columns: tuple[str, ...], delimiter: str
) -> None:
    found = read_header(file(tmp_path, text), WANTED, tuple(DELIMITERS))
    assert (found.columns, found.delimiter) == (columns, delimiter)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "f.csv is empty; expected a header line with user_id, item_id"),
        (b"\n\n", "f.csv is empty"),
        (
            b"pr\xe9nom,item_id\n",
            r"line 1: is not UTF-8 text \(byte 3 of the line\).*iconv -f CP1252 -t UTF-8 f.csv > NEW",
        ),
        (b'user_id,"item_id\n', "line 1: a quote in the header line is not closed"),
        (b'"user_id"x,item_id\n', "a quote in the header line is not closed, or text follows"),
        (b"user_id,item_id,user_id\n", "expected one column each user_id"),
    ],
)
def test_a_header_that_cannot_be_read_is_told(tmp_path: Path, text: bytes, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        delimited_with_header(file(tmp_path, text), WANTED, (",",))


@pytest.mark.parametrize(
    ("text", "delimiter", "count"),
    [
        ("1,2,3\n", ",", 3),
        ("1\t2\n", "\t", 2),
        ("1::2::3::4\n", "::", 4),
        ("  1 \t 2  3\n", " ", 3),
        ('"a,b",c\n', ",", 2),
    ],
)
def test_without_a_header_the_columns_are_numbers(tmp_path: Path, text: str, delimiter: str, count: int) -> None:
    delimiters = tuple(DELIMITERS) if delimiter in DELIMITERS else (delimiter,)
    found = without_header(file(tmp_path, text), delimiters)
    assert (found.columns, found.delimiter) == (tuple(str(place + 1) for place in range(count)), delimiter)
    assert found.header is None


@pytest.mark.parametrize(
    ("text", "said", "no_header"),
    [
        ("user item time\n", 'set data.sources.table.delimiter to " "', False),
        ("1::1193::5::978300760\n", 'set data.sources.table.delimiter to "::"', True),
        ("1 1\n", 'set data.sources.table.delimiter to " "', True),
        ("A1,B1,5.0,1369699200\n", "'A1', 'B1', '5.0', '1369699200'", True),
        ("u1,2019-01-02 10:00:00,4\n", "comma", True),
        ("user0,item0,2020-01-01\n", "comma", True),
        ("u1,a,1\n", "comma", True),
        ("# exported 2020\n", "grep -v '^#'", False),
        ("who,what,year2019\n", "'who', 'what', 'year2019'", False),
        (",".join(f"c{n}" for n in range(50)) + "\n", "'c19' and 30 more", False),
    ],
)
def test_messages_name_blanks_other_delimiters_and_a_missing_header(
    tmp_path: Path, text: str, said: str, no_header: bool
) -> None:
    found = read_header(file(tmp_path, text), WANTED, tuple(DELIMITERS))
    assert said in f"{columns_found(found)} {likely_cause(found)}"
    assert ("set data.sources.table.header to false" in likely_cause(found)) == no_header


def test_a_delimiter_that_does_not_fit_is_told_with_one_that_does(tmp_path: Path) -> None:
    found = read_header(file(tmp_path, "user_id,item_id\n"), WANTED, ("|",))
    assert likely_cause(found) == (
        "The delimiter does not part this line; the comma may. Leave data.sources.table.delimiter empty to find it."
    )


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_that_tells_excel_of_a_delimiter_is_followed(tmp_path: Path, line: str) -> None:
    found = read_header(file(tmp_path, f"{line}\nuser_id;item_id\nu;a,b\n"), WANTED, tuple(DELIMITERS))
    assert (found.columns, found.delimiter) == (WANTED, ";")
    assert found.header is not None and found.header.line == 2
    bare = without_header(file(tmp_path, f"{line}\nu;a,b;1\n"), tuple(DELIMITERS))
    assert (bare.columns, bare.delimiter) == (("1", "2", "3"), ";")


def test_blanks_may_part_quoted_names(tmp_path: Path) -> None:
    assert read_header(file(tmp_path, '"user_id" "item_id" "a b"\n'), WANTED, (" ",)).columns == (*WANTED, "a b")
