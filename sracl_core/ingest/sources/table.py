"""Tables of your own: `interactions.*` and, where there is a catalogue, `items.*`.

CSV, TSV and other delimited text, JSON or Parquet, each plain, packed or inside a zip; the form is told by the first
bytes, and the columns are named by `data.sources.table.columns`.
"""

from sracl_core.ground.errors import DataError
from sracl_core.ground.outside import shown_value
from sracl_core.ingest.raw import sql
from sracl_core.ingest.raw.any_form import JSON, one_object, records_of
from sracl_core.ingest.raw.delimited import Delimited
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.headers import (
    SHOWN,
    columns_found,
    likely_cause,
)
from sracl_core.ingest.raw.json_records import WHOLE, JsonRecords
from sracl_core.ingest.raw.records import Records
from sracl_core.ingest.sources.protocol import NO_TEXT, FunctionSource, InteractionLayout, ItemLayout, Layout
from sracl_core.params.data import ColumnNames, DataParams, TableParams

TEXT = ("csv", "tsv", "txt", "dat")
KINDS = (*TEXT, *JSON, "parquet")
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
    table: TableParams = data.source_params
    names = table.columns
    wanted = _given(names.user, names.item, names.timestamp, names.rating)
    records = records_of(file, wanted, table.delimiter, header=table.header, optional=TEXTS)
    used = {
        name: _column(records, names, name, required=name != "rating")
        for name in ("user", "item", "timestamp", "rating")
    }
    user, item = used["user"], used["item"]
    if user is None or item is None:
        raise RuntimeError("a required column was not checked")
    return InteractionLayout(records, user, item, used["timestamp"], used["rating"])


def _items(file: RawFile, data: DataParams, *, alike: bool) -> ItemLayout:
    table: TableParams = data.source_params
    names = table.columns
    key = "catalogue_item" if names.catalogue_item else "item"
    # A name that is no number tells that the catalogue has a header line.
    named = bool(names.catalogue_item) and not str(names.catalogue_item).isdigit()
    wanted = _given(getattr(names, key), *(getattr(names, name) for name in TEXTS))
    records = records_of(
        file,
        wanted,
        table.delimiter if alike else None,
        header=table.header or not alike or named,
        optional=TEXTS,
    )
    item = _column(records, names, key, required=True, advised="data.sources.table.columns.catalogue_item")
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


def _column(
    records: Records, names: ColumnNames, name: str, *, required: bool, advised: str | None = None
) -> str | None:
    """The column that `data.sources.table.columns` gives for `name`; None where there is none and none is needed.

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
    parameter = f"data.sources.table.columns.{name}"
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
        advice = (one_object(records.file) if isinstance(records, JsonRecords) else "") or advice
    problem = "no column" if count == 0 else f"{count} columns"
    raise DataError(f"{records.file.name} has {problem} {column!r} ({parameter}). {found} {advice}")


def _given(*names: str | None) -> tuple[str, ...]:
    return tuple(name for name in names if name)


def _patterns(base: str) -> tuple[str, ...]:
    return tuple(f"{base}.{kind}" for kind in KINDS)


PLUGIN = FunctionSource(locate, allowed=None)
