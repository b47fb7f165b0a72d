"""One grammar of quoted fields, in Python and in DuckDB."""

import csv
import io

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sracl_core.ingest.raw.delimited import Delimited
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.quoting import Quoting

FIELDS = {
    "a,b,c": ["a", "b", "c"],
    '"a,b",c': ["a,b", "c"],
    '"say ""hi""",c': ['say "hi"', "c"],
    '5" nail,c': ['5" nail', "c"],
    ",,": ["", "", ""],
    '"",x': ["", "x"],
    '"open,c': None,
    '"a" b,c': None,
    '"a\nb",c': ["a\nb", "c"],
}


def by_duckdb(text: str, quoting: Quoting) -> list[str] | None:
    split = Delimited(RawFile("f", None), (), delimiter=quoting.delimiter, quoting=quoting)._split()  # type: ignore[arg-type]
    return duckdb.execute(f"SELECT {split} FROM (SELECT $1 AS text)", [text]).fetchone()[0]  # noqa: S608


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "]", "\\", "\x01", "-"])
@pytest.mark.parametrize("text", FIELDS)
def test_fields_are_split_alike_by_python_and_duckdb(text: str, delimiter: str) -> None:
    expected = FIELDS[text] and [field.replace(",", delimiter) for field in FIELDS[text]]
    written, quoting = text.replace(",", delimiter), Quoting(delimiter)
    assert quoting.split(written) == expected
    assert by_duckdb(written, quoting) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('u1, "a, b", 3', ["u1", "a, b", " 3"]),
        ('u1, "a" ,c', ["u1", "a", "c"]),
        ("u1,  ,c", ["u1", "  ", "c"]),
        ('u1, x"y,c', ["u1", ' x"y', "c"]),
        ('u1, "a,c', None),
    ],
)
def test_blanks_may_stand_round_quotes_in_a_spaced_file(text: str, expected: list[str] | None) -> None:
    quoting = Quoting(",", spaced=True)
    assert quoting.split(text) == expected
    assert by_duckdb(text, quoting) == expected
    if expected is not None:
        assert [field.strip() for field in next(csv.reader([text], skipinitialspace=True))] == [
            field.strip() for field in expected
        ]


@given(fields=st.lists(st.text(st.characters(exclude_characters="\r\0", exclude_categories=("Cs",))), min_size=1))
def test_what_the_csv_module_writes_is_read_back(fields: list[str]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="").writerow(fields)
    assert Quoting(",").split(written.getvalue()) == fields
    if "\n" not in written.getvalue():
        assert by_duckdb(written.getvalue(), Quoting(",")) == fields


@pytest.mark.parametrize("spaced", [False, True])
def test_a_line_that_does_not_fit_is_refused_at_once(spaced: bool) -> None:
    """Forms of a field that overlap would make the pattern try every combination of them."""
    assert Quoting(",", spaced).split(' "a",' * 2000 + '"open') is None
    assert Quoting(",", spaced).split(" " * 20_000 + '"x"y') == (None if spaced else [" " * 20_000 + '"x"y'])
