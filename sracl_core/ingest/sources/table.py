"""Tables of your own: `interactions.*` and, where there is a catalogue, `items.*`.

CSV, TSV and other delimited text, JSON or Parquet, each plain, packed or inside a zip; the form is told by the first
bytes, and the columns are named by `data.columns`.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sracl_core.ground.errors import DataError
from sracl_core.ground.outside import shown, shown_value
from sracl_core.ingest import sql
from sracl_core.ingest.raw.delimited import Delimited
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.forms import form_of
from sracl_core.ingest.raw.headers import (
    DELIMITERS,
    SHOWN,
    columns_found,
    likely_cause,
    read_header,
    without_header,
)
from sracl_core.ingest.raw.json_records import WHOLE, JsonRecords
from sracl_core.ingest.raw.json_values import first_values, is_one_value
from sracl_core.ingest.raw.parquet import ParquetRows, column_names
from sracl_core.ingest.raw.records import Records
from sracl_core.ingest.sources.protocol import NO_TEXT, FunctionSource, InteractionLayout, ItemLayout, Layout
from sracl_core.params.data import ColumnNames, DataParams

TEXT = ("csv", "tsv", "txt", "dat")
JSON = ("jsonl", "json", "ndjson")
KINDS = (*TEXT, *JSON, "parquet")
# JSON has no header: the keys of the first values stand for the columns, of many more where one is not among them.
VALUES_OF_KEYS, MOST_VALUES_OF_KEYS = 100, 100_000
TEXTS = ("title", "brand", "categories", "description", "price")
PARTED_BY = r"\|| > "


def locate(folder: RawFolder, data: DataParams) -> Layout:
    """See Source."""
    interactions = folder.find(_patterns("interactions"), "interactions", data.interactions_file)
    items = folder.find_optional(_patterns("items"), "items", data.items_file)
    if items == interactions:
        raise DataError(
            f"data.items_file: {items.name} is the file of interactions too. Name the catalogue, or leave it empty."
        )
    # What is said of the form of delimited text holds for the catalogue too, if it has the same suffix.
    alike = items is not None and items.kind == interactions.kind
    return Layout(
        _interactions(interactions, data),
        _items(items, data, alike=alike) if items else None,
        looked_for=", ".join(_patterns("items")),
    )


def _interactions(file: RawFile, data: DataParams) -> InteractionLayout:
    names = data.columns
    wanted = _given(names.user, names.item, names.timestamp, names.rating)
    records = _records(file, wanted, data.delimiter, header=data.header)
    used = {
        name: _column(records, names, name, required=name != "rating")
        for name in ("user", "item", "timestamp", "rating")
    }
    user, item = used["user"], used["item"]
    if user is None or item is None:
        raise RuntimeError("a required column was not checked")
    return InteractionLayout(records, user, item, used["timestamp"], used["rating"])


def _items(file: RawFile, data: DataParams, *, alike: bool) -> ItemLayout:
    names = data.columns
    key = "catalogue_item" if names.catalogue_item else "item"
    # A name that is no number tells that the catalogue has a header line.
    named = bool(names.catalogue_item) and not str(names.catalogue_item).isdigit()
    wanted = _given(getattr(names, key), *(getattr(names, name) for name in TEXTS))
    records = _records(file, wanted, data.delimiter if alike else None, header=data.header or not alike or named)
    item = _column(records, names, key, required=True, advised="data.columns.catalogue_item")
    found = {name: _column(records, names, name, required=False) for name in TEXTS}
    used = _given(item, *found.values())

    def cell(name: str) -> str:
        column = found[name]
        return records.field(column) if column else NO_TEXT

    if isinstance(records, JsonRecords):
        attributes = f"json_map({records.field(WHOLE)}, {sql.texts(list(used))})"
    else:
        rest = [column for column in dict.fromkeys(records.columns) if column not in used]
        values = ", ".join(records.field(column) for column in rest)
        attributes = f"tidy_map({sql.texts(rest)}, [{values}]::VARCHAR[])"
    twice = sorted({column for column in records.columns if records.columns.count(column) > 1})
    return ItemLayout(
        records,
        str(item),
        remarks=tuple(f"{file.name}: of the columns {shown_value(column)} the first counts." for column in twice),
        title=cell("title"),
        brand=cell("brand"),
        categories=cell("categories"),
        parted_by=PARTED_BY,
        description=(cell("description"),),
        price=cell("price"),
        attributes=attributes,
    )


def _records(file: RawFile, wanted: tuple[str, ...], delimiter: str | None, *, header: bool) -> Records:
    form = form_of(file)
    if not file.head().strip():
        raise DataError(f"{file.name} is empty; expected records with {', '.join(wanted)}.")
    if form == "parquet":
        return ParquetRows(file, column_names(file))
    if form == "json":
        # A key that no value seen has may still come: what has its shipped name is read wherever it is.
        keys = _keys(file, wanted)
        unseen = tuple(name for name in wanted if name in TEXTS and name not in keys)
        records = JsonRecords(file, tuple(dict.fromkeys([*keys, *unseen, WHOLE])), unseen=unseen)
        first = next(_objects(file, 1), {})
        if isinstance(first.get(wanted[0]), list | dict) and (why := _one_object(file)):
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


def _keys(file: RawFile, wanted: tuple[str, ...]) -> list[str]:
    """The keys of the first values, and of more where a column that must be known is not among them.

    All `wanted` ones where none is an object, as each is rejected later on.
    """
    needed = set(wanted) - set(TEXTS)  # those of TEXTS are read whether they were seen or not
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


def _one_object(file: RawFile) -> str:
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


def _column(
    records: Records, names: ColumnNames, name: str, *, required: bool, advised: str | None = None
) -> str | None:
    """The column that `data.columns` gives for `name`; None where there is none and none is needed.

    `advised` is the parameter to set where the column is not there, if it is another one.
    """
    column: str | None = getattr(names, name)
    if column is None:
        return None
    count = records.columns.count(column)
    if count == 1:
        return column
    if count == 0 and not required and column == ColumnNames.model_fields[name].default:
        return None
    parameter = f"data.columns.{name}"
    needed = name in ("user", "item", "catalogue_item")
    advice = f"Set {parameter if advised is None else advised} to one of them" + (
        "." if needed else ", or leave it empty."
    )
    if isinstance(records, Delimited):
        found = columns_found(records)
        advice = likely_cause(records) or advice
    else:
        made = (WHOLE, *records.unseen) if isinstance(records, JsonRecords) else ()
        names_found = [shown_value(found) for found in records.columns if found not in made]
        more = f" and {len(names_found) - SHOWN} more" if len(names_found) > SHOWN else ""
        found = f"Columns found: {', '.join(names_found[:SHOWN])}{more}."
        advice = (_one_object(records.file) if isinstance(records, JsonRecords) else "") or advice
    problem = "no column" if count == 0 else f"{count} columns"
    raise DataError(f"{records.file.name} has {problem} {column!r} ({parameter}). {found} {advice}")


def _given(*names: str | None) -> tuple[str, ...]:
    return tuple(name for name in names if name)


def _patterns(base: str) -> tuple[str, ...]:
    return tuple(f"{base}.{kind}" for kind in KINDS)


PLUGIN = FunctionSource(locate, allowed=None)
