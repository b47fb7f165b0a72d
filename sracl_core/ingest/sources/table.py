"""Tables of your own: `interactions.*` and, where there is a catalogue, `items.*`.

CSV, TSV and other separated text, JSON lines or Parquet, each also gzipped (not Parquet) or inside a zip; the columns
are named by `data.columns`.
"""

import json

import pyarrow as pa
import pyarrow.parquet as pq

from sracl_core.errors import DataError
from sracl_core.ingest import sql
from sracl_core.ingest.files import RawFile, RawFolder
from sracl_core.ingest.lines import first_lines
from sracl_core.ingest.records import Delimited, JsonLines, ParquetRows, Records
from sracl_core.ingest.sources.headers import SEPARATORS, columns_found, read_header
from sracl_core.ingest.sources.protocol import FunctionSource, InteractionLayout, ItemLayout, Layout
from sracl_core.params.data import ColumnNames, DataParams

TEXT = ("csv", "tsv", "txt")
JSON = ("jsonl", "json", "ndjson")
KINDS = (*TEXT, *JSON, "parquet")
# JSON lines have no header: the keys of so many lines stand for the columns.
LINES_OF_KEYS = 100


def locate(folder: RawFolder, data: DataParams) -> Layout:
    """See Source."""
    interactions = folder.find(_patterns("interactions"), "interactions", data.interactions_file)
    items = folder.find_optional(_patterns("items"), "items", data.items_file)
    return Layout(_interactions(interactions, data.columns), _items(items, data.columns) if items else None)


def _interactions(file: RawFile, names: ColumnNames) -> InteractionLayout:
    records = _records(file, _given(names.user, names.item, names.timestamp, names.rating))
    used = {
        name: _column(records, names, name, required=name != "rating")
        for name in ("user", "item", "timestamp", "rating")
    }
    user, item = used["user"], used["item"]
    if user is None or item is None:
        raise RuntimeError("a required column was not checked")
    return InteractionLayout(records, user, item, used["timestamp"], used["rating"])


def _items(file: RawFile, names: ColumnNames) -> ItemLayout:
    texts = ("title", "brand", "categories", "description", "price")
    records = _records(file, _given(names.item, *(getattr(names, name) for name in texts)))
    item = _column(records, names, "item", required=True)
    found = {name: _column(records, names, name, required=False) for name in texts}
    used = _given(item, *found.values())
    fields = {name: f"tidy({records.field(column)})" for name, column in found.items() if column}
    if found["description"]:
        fields["description"] = f"joined({records.field(found['description'])})"
    if found["categories"]:
        fields["categories"] = f"categories_of(any_list({records.field(found['categories'])}))"
    if isinstance(records, JsonLines):
        attributes = f"json_map({records.field('$')}, {sql.texts(list(used))})"
    else:
        rest = [column for column in dict.fromkeys(records.columns) if column not in used]
        values = ", ".join(records.field(column) for column in rest)
        attributes = f"tidy_map({sql.texts(rest)}, [{values}]::VARCHAR[])"
    return ItemLayout(records, str(item), attributes=attributes, **fields)


def _records(file: RawFile, wanted: tuple[str, ...]) -> Records:
    if file.kind in TEXT:
        return read_header(file, wanted, tuple(SEPARATORS))
    if file.kind in JSON:
        return JsonLines(file, tuple(dict.fromkeys([*_keys(file, wanted), "$"])))
    if file.kind == "parquet" and not file.name.lower().endswith(".gz"):
        try:
            with file.open() as (stream, _):
                return ParquetRows(file, tuple(pq.read_schema(stream).names))
        except pa.ArrowException as error:
            raise DataError(f"{file.name} cannot be read as Parquet: {error}. Write the file again.") from None
    raise DataError(f"{file.name}: the suffix tells no format; expected one of {', '.join(KINDS)}. Rename the file.")


def _keys(file: RawFile, wanted: tuple[str, ...]) -> list[str]:
    """The keys of the first lines; all `wanted` ones where no line is an object, as each is rejected later on."""
    objects = []
    for _, text in first_lines(file, LINES_OF_KEYS):
        try:
            objects.append(json.loads(text))
        except (ValueError, RecursionError):
            continue
    keys = [key for found in objects if isinstance(found, dict) for key in found]
    return list(dict.fromkeys(keys)) or list(wanted)


def _column(records: Records, names: ColumnNames, name: str, *, required: bool) -> str | None:
    """The column that `data.columns` gives for `name`; None where there is none and none is needed."""
    column: str | None = getattr(names, name)
    if column is None:
        return None
    count = records.columns.count(column)
    if count == 1:
        return column
    if count == 0 and not required and column == ColumnNames.model_fields[name].default:
        return None
    parameter = f"data.columns.{name}"
    advice = f"Set {parameter} to one of them" + (", or leave it empty." if name not in ("user", "item") else ".")
    found = (
        columns_found(records)
        if isinstance(records, Delimited)
        else f"Columns found: {', '.join(repr(found) for found in records.columns if found != '$')}."
    )
    problem = "no column" if count == 0 else f"{count} columns"
    raise DataError(f"{records.file.name} has {problem} {column!r} ({parameter}). {found} {advice}")


def _given(*names: str | None) -> tuple[str, ...]:
    return tuple(name for name in names if name)


def _patterns(base: str) -> tuple[str, ...]:
    return tuple(f"{base}.{kind}" for kind in KINDS)


PLUGIN = FunctionSource(locate)
