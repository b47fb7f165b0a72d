"""Delimited files: which delimiter fits, what the columns are called, and what a header line lacks."""

import re

from sracl_core.ground.errors import DataError
from sracl_core.ground.outside import shown_value
from sracl_core.ingest.raw.delimited import BLANK, BLANK_FIELD, BLANK_RECORD, Delimited
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.lines import FirstLine, first_lines
from sracl_core.ingest.raw.quoting import Quoting, unquoted

DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "vertical bar"}
SHOWN = 20
_EXCEL = re.compile(r'"?sep=([^\w"\r\n])"?', re.IGNORECASE)  # the line by which Excel is told of a delimiter
_VALUE = re.compile(r"[-+]?\d+(?:\.\d*)?|\d{4}-\d\d-\d\dT?")


def read_header(file: RawFile, wanted: tuple[str, ...], delimiters: tuple[str, ...]) -> Delimited:
    """Return `file` with the delimiter whose header line shows most of the `wanted` columns (then, most columns).

    Raises DataError when the file is empty, or its first line cannot be read.
    """
    candidates = []
    skipped = 0
    named = _EXCEL.fullmatch(first_line(file, None, f"a header line with {', '.join(wanted)}").text)
    if named:
        delimiters, skipped = (named[1],), 1
    for delimiter in delimiters:
        quoting = quoting_for(delimiter)
        header = first_line(file, quoting, f"a header line with {', '.join(wanted)}", skipped)
        names = split(header.text, delimiter, quoting)
        if names is None:
            continue
        spaced = quoting is not None and any(name.startswith(" ") for name in names)
        if quoting and spaced:
            quoting = Quoting(delimiter, spaced=True)
        columns = tuple(name.strip() for name in split(header.text, delimiter, quoting) or names)
        candidates.append(Delimited(file, columns, delimiter=delimiter, quoting=quoting, header=header))
    if not candidates:
        raise DataError(
            f"{file.name}, line 1: a quote in the header line is not closed, or text follows its closing quote. Write "
            'each name in the header as it is, or in double quotes, with "" for a quote inside.'
        )
    return max(candidates, key=lambda found: (len(set(wanted) & set(found.columns)), len(found.columns)))


def without_header(file: RawFile, delimiters: tuple[str, ...]) -> Delimited:
    """Return `file`, which has no header line, with columns called 1, 2, 3, …; the delimiter that shows most of them.

    Raises DataError when the file is empty, or its first line cannot be read.
    """
    told = first_line(file, None, "data")
    named = _EXCEL.fullmatch(told.text)
    candidates = []
    for delimiter in (named[1],) if named else delimiters:
        quoting = quoting_for(delimiter)
        fields = split(first_line(file, quoting, "data", bool(named)).text, delimiter, quoting) or [""]
        names = tuple(str(place) for place in range(1, len(fields) + 1))
        header = told if named else None
        candidates.append(Delimited(file, names, delimiter=delimiter, quoting=quoting, header=header))
    return max(candidates, key=lambda found: len(found.columns))


def delimited_with_header(file: RawFile, wanted: tuple[str, ...], delimiters: tuple[str, ...]) -> Delimited:
    """Return `file` as in `read_header`; raises DataError naming the columns found when one is missing."""
    records = read_header(file, wanted, delimiters)
    missing = [name for name in wanted if records.columns.count(name) != 1]
    if missing:
        line = records.header.line if records.header else 1
        raise DataError(
            f"{file.name}, line {line}: expected one column each {', '.join(missing)}. "
            f"{columns_found(records)} Check data.source and the file."
        )
    return records


def columns_found(records: Delimited) -> str:
    """Return a sentence with the columns of `records` and the delimiter that shows them."""
    names = ", ".join(shown_value(name) for name in records.columns[:SHOWN])
    more = f" and {len(records.columns) - SHOWN} more" if len(records.columns) > SHOWN else ""
    delimiter = DELIMITERS.get(records.delimiter, repr(records.delimiter))
    return f"Columns found, with the delimiter {delimiter}: {names}{more}."


def likely_cause(records: Delimited) -> str:
    """Return sentences on why the header of `records` lacks a column, and what to do; "" where nothing tells."""
    text = records.header.text if records.header else ""
    alone = len(records.columns) == 1
    said = []
    if text.startswith("#"):
        return "The line begins with #, as a comment does: take such lines out (grep -v '^#' FILE > NEW)."
    if alone and (others := [name for sign, name in DELIMITERS.items() if sign in text and sign != records.delimiter]):
        said.append(
            f"The delimiter does not part this line; the {others[0]} may. Leave "
            "data.sources.table.delimiter empty to find it."
        )
    elif alone and "::" in text:
        said.append('The line holds "::"; if that is the delimiter, set data.sources.table.delimiter to "::".')
    elif alone and re.search(r"\S[ \t]+\S", text):
        said.append('The line holds blanks; if they are the delimiter, set data.sources.table.delimiter to " ".')
    # No column has a number or a date for its name.
    fields = [field.strip("\"'") for field in re.split(r"[,\t;|:\s]+", text) if field]
    if any(map(_VALUE.fullmatch, fields)):
        said.append(
            "The line looks like data, not like a header; if there is none, set data.sources.table.header to "
            "false and say in data.sources.table.columns which column is which, counted from 1 (user: 1, item: 2, …)."
        )
    return " ".join(said)


def first_line(file: RawFile, quoting: Quoting | None, expected: str, skipped: int = 0) -> FirstLine:
    """Return the first line of `file` that is not blank, behind `skipped` others.

    Raises DataError when there is none, or it is not UTF-8.
    """
    head = first_lines(file, skipped + 1, quoting=quoting)[skipped:]
    if not head:
        raise DataError(f"{file.name} is empty; expected {expected}.")
    if head[0].damage is not None:
        raise DataError(
            f"{file.name}, line {head[0].line}: {head[0].damage}. Save the file as UTF-8; if it is Western European: "
            f"iconv -f CP1252 -t UTF-8 {file.name} > NEW"
        )
    return head[0]


def quoting_for(delimiter: str) -> Quoting | None:
    """Return how fields between `delimiter` may be quoted: as in CSV where it is one sign, else not at all."""
    return Quoting(delimiter) if len(delimiter) == 1 and delimiter.isascii() and delimiter != BLANK else None


def split(text: str, delimiter: str, quoting: Quoting | None) -> list[str] | None:
    """Return the fields of a line as `Delimited` splits it; None where its quotes are not in order."""
    if delimiter == BLANK:
        if not re.fullmatch(BLANK_RECORD, text):
            return None
        return [unquoted(field, spaced=False) for field in re.findall(BLANK_FIELD, text)]
    return quoting.split(text) if quoting else text.split(delimiter)
