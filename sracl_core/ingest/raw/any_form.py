"""A table in any form: delimited text, JSON or Parquet, told apart by the first bytes."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sracl_core.ground.errors import DataError
from sracl_core.ground.outside import shown
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.forms import form_of
from sracl_core.ingest.raw.headers import DELIMITERS, read_header, without_header
from sracl_core.ingest.raw.json_records import WHOLE, JsonRecords
from sracl_core.ingest.raw.json_values import first_values, is_one_value
from sracl_core.ingest.raw.parquet import ParquetRows, column_names
from sracl_core.ingest.raw.records import Records

JSON = ("jsonl", "json", "ndjson")
# JSON has no header: the keys of the first values stand for the columns, of many more where one is not among them.
VALUES_OF_KEYS, MOST_VALUES_OF_KEYS = 100, 100_000


def records_of(
    file: RawFile,
    wanted: tuple[str, ...],
    delimiter: str | None = None,
    *,
    header: bool = True,
    optional: tuple[str, ...] = (),
) -> Records:
    """Return the records of `file`, whose form is told by its first bytes; columns `wanted` help to find its delimiter.

    `delimiter` None: found. `header` False: delimited text has no header line. Of JSON, an `optional` column is read
    wherever it stands, also if the values looked at do not have it. Raises DataError for a file that is empty, or in
    another form than its name says.
    """
    form = form_of(file)
    if not file.head().strip():
        raise DataError(f"{file.name} is empty; expected records with {', '.join(wanted)}.")
    if form == "parquet":
        return ParquetRows(file, column_names(file))
    if form == "json":
        # A key that no value seen has may still come: what has its shipped name is read wherever it is.
        keys = _keys(file, wanted, optional)
        unseen = tuple(name for name in wanted if name in optional and name not in keys)
        records = JsonRecords(file, tuple(dict.fromkeys([*keys, *unseen, WHOLE])), unseen=unseen)
        first = next(_objects(file, 1), {})
        if isinstance(first.get(wanted[0]), list | dict) and (why := one_object(file)):
            raise DataError(f"{file.name} holds no records. {why}")
        return records
    if file.kind == "parquet":
        raise DataError(f"{file.name} is no Parquet file: it does not begin with PAR1. Write it again, or rename it.")
    if file.kind in JSON:
        raise DataError(
            f"{file.name} is no JSON: it begins with neither {{ nor [. Expected one JSON object a line, or a list of "
            "objects; if it is delimited text, give it the suffix .csv."
        )
    delimiters = tuple(DELIMITERS) if delimiter is None else (delimiter,)
    return read_header(file, wanted, delimiters) if header else without_header(file, delimiters)


def _keys(file: RawFile, wanted: tuple[str, ...], optional: tuple[str, ...]) -> list[str]:
    """The keys of the first values, and of more where a column that must be known is not among them.

    All `wanted` ones where none is an object, as each is rejected later on.
    """
    needed = set(wanted) - set(optional)  # these are read whether they were seen or not
    keys: list[str] = []
    for count in (VALUES_OF_KEYS, MOST_VALUES_OF_KEYS):
        keys = list(dict.fromkeys(key for found in _objects(file, count) for key in found))
        if needed <= set(keys):
            break
    return keys or list(wanted)


def _objects(file: RawFile, count: int) -> Iterator[dict[str, Any]]:
    for text in first_values(file, count):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


def one_object(file: RawFile) -> str:
    """What to do where a file is one object: its records lie inside, or it is written by columns."""
    objects = list(islice(_objects(file, 2), 2))
    if len(objects) != 1 or not is_one_value(file):
        return ""
    inside = [
        key for key, value in objects[0].items() if isinstance(value, list) and value and isinstance(value[0], dict)
    ]
    if inside:
        return f"The file is one object with the records inside: jq -c '.{shown(inside[0])}[]' {file.name} > NEW.jsonl"
    if objects[0] and all(isinstance(value, list | dict) for value in objects[0].values()):
        return "The file is one object of columns; write records: DataFrame.to_json(NEW, orient='records', lines=True)."
    return ""
