"""Ids that a table tool turned into floating-point numbers (`12.0`) are the whole numbers they were.

A column of whole numbers becomes one of floats as soon as one value is missing, in pandas for instance. That is undone
where every id of a column is such a number, and nowhere else: `1.0` may be a name.
"""

# ruff: noqa: S608 - statements are put together from code.

from dataclasses import dataclass

from sracl_core.ingest.raw.session import Session

# 12.0 and, from 10¹⁶ on, 1.2e+16.
_WHOLE_FLOAT = r"-?[0-9]+\.0|-?[0-9](\.[0-9]+)?e\+?[0-9]{1,2}"
EXACT_UP_TO = 2**53  # a float holds every whole number up to here


@dataclass(frozen=True)
class FloatIds:
    """The ids of `axis`, "user" or "item", in `file` are whole numbers written as floats; `lost` have lost digits."""

    file: str
    axis: str
    lost: int


@dataclass(frozen=True)
class Ids:
    """SQL for the ids of users and items in the staged interactions, and of items in the staged catalogue."""

    user: str
    item: str
    listed_item: str
    floats: list[FloatIds]


def read_ids(session: Session, interactions_file: str, items_file: str | None) -> Ids:
    """Return how the ids of the staged tables `interactions` and `items` are to be read."""
    floats: list[FloatIds] = []

    def read(axis: str, table: str, file: str | None) -> str:
        column = f"{axis}_id"
        if file is None or not _all_whole_floats(session, table, column):
            return column
        number = f"TRY_CAST({column} AS DECIMAL(38, 1))"
        beyond = f"problem IS NULL AND abs({number}) >= {EXACT_UP_TO}"
        floats.append(FloatIds(file, axis, session.row(f"SELECT count(*) FROM {table} WHERE {beyond}")[0]))
        return _as_whole(column)

    user, item = (read(axis, "interactions", interactions_file) for axis in ("user", "item"))
    return Ids(user, item, read("item", "items", items_file), floats)


def id_of(session: Session, table: str, column: str) -> str:
    """Return SQL for the ids in `column` of the staged `table`, floats read as the whole numbers they were."""
    return _as_whole(column) if _all_whole_floats(session, table, column) else column


def _as_whole(column: str) -> str:
    return f"coalesce(TRY_CAST(TRY_CAST({column} AS DECIMAL(38, 1)) AS HUGEINT)::VARCHAR, {column})"


def _all_whole_floats(session: Session, table: str, column: str) -> bool:
    """Whether each id of a good row is a whole number written as a float."""
    # Most columns are settled by a few rows.
    for rows in (f"(SELECT * FROM {table} WHERE problem IS NULL LIMIT 1000)", table):
        whole = f"bool_and(regexp_full_match({column}, '{_WHOLE_FLOAT}'))"
        if not session.row(f"SELECT {whole} FROM {rows} WHERE problem IS NULL")[0]:
            return False
    return True
