"""Delimited files with a header line: which separator fits, and are all columns there?"""

import csv

from sracl_core.errors import DataError
from sracl_core.ingest.files import RawFile
from sracl_core.ingest.lines import first_lines
from sracl_core.ingest.records import Delimited

SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "vertical bar"}


def read_header(file: RawFile, wanted: tuple[str, ...], delimiters: tuple[str, ...]) -> Delimited:
    """Return `file` as quoted text, with the separator that shows most of the `wanted` columns (then, most columns).

    Raises DataError when the file is empty.
    """
    candidates = []
    for delimiter in delimiters:
        head = first_lines(file, 1, delimiter=delimiter)
        if not head:
            raise DataError(f"{file.name} is empty; expected a header line with {', '.join(wanted)}.")
        line, text = head[0]
        names = tuple(name.strip() for name in next(csv.reader([text], delimiter=delimiter)))
        candidates.append(Delimited(file, names, delimiter=delimiter, quoted=True, header_line=line))
    return max(candidates, key=lambda found: (len(set(wanted) & set(found.columns)), len(found.columns)))


def delimited_with_header(file: RawFile, wanted: tuple[str, ...], delimiters: tuple[str, ...]) -> Delimited:
    """Return `file` as in `read_header`; raises DataError naming the columns found when one is missing."""
    records = read_header(file, wanted, delimiters)
    missing = [name for name in wanted if name not in records.columns]
    if missing:
        raise DataError(
            f"{file.name}, line {records.header_line}: no column {', '.join(missing)}. "
            f"{columns_found(records)} Check data.source and the file."
        )
    return records


def columns_found(records: Delimited) -> str:
    """Return a sentence with the columns of `records` and the separator that shows them."""
    names = ", ".join(repr(name) for name in records.columns)
    return f"Columns found, with the separator {SEPARATORS.get(records.delimiter, records.delimiter)}: {names}."
