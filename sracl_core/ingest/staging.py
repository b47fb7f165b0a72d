"""Raw files into DuckDB tables, with every line that cannot be used set aside and counted.

Tables: `interactions` (line, user_id, item_id, moment, rating), `items` (line, item_id, title, brand, categories,
description, price, attributes), both with a `problem` that is null for good lines, and `rejected`. `moment` is in
microseconds since 1970, `line` counts from 1.
"""

# ruff: noqa: S608 - statements are put together from code; values of users and files go through sql.text.

from dataclasses import dataclass

from sracl_core.errors import DataError
from sracl_core.ingest import sql
from sracl_core.ingest.session import Session
from sracl_core.ingest.sources.protocol import InteractionLayout, ItemLayout

REJECTED_TABLE = (
    'CREATE TABLE rejected (file VARCHAR, line BIGINT, "column" VARCHAR, reason VARCHAR, text VARCHAR, part INT)'
)
TEXT_CHARACTERS = 200
SHOWN_REJECTS = 5


@dataclass(frozen=True)
class FileCount:
    """What became of the records of one file."""

    file: str
    read: int
    rejected: int
    blank_lines: int


def stage_interactions(session: Session, layout: InteractionLayout) -> FileCount:
    """Read the interactions into the table `interactions`; see the module for its columns."""
    field = layout.records.field
    stamp = field(layout.timestamp) if layout.timestamp else None
    rating = field(layout.rating) if layout.rating else None
    checks = [_not_empty("user_id", layout.user), _not_empty("item_id", layout.item)]
    if stamp:
        unit = "seconds" if layout.ticks == 1 else f"1/{layout.ticks} seconds"
        checks.append(_check("moment IS NULL", str(layout.timestamp), f"is neither a number of {unit} nor an ISO date"))
    if rating:
        checks.append(_check("rating IS NULL AND tidy(rating_text) IS NOT NULL", str(layout.rating), "is not a number"))
    columns = f"""
        {field(layout.user)} AS user_id,
        {field(layout.item)} AS item_id,
        {f"moment_of({stamp}, {layout.ticks})" if stamp else "line * 1000000"} AS moment,
        {rating or "NULL::VARCHAR"} AS rating_text,
        number_of(rating_text) AS rating"""
    return _stage(session, "interactions", layout, columns, checks, dropped="rating_text")


def stage_items(session: Session, layout: ItemLayout) -> FileCount:
    """Read the catalogue into the table `items`; see the module for its columns."""
    columns = f"""
        {layout.records.field(layout.item)} AS item_id,
        {layout.title} AS title,
        {layout.brand} AS brand,
        coalesce({layout.categories}, []) AS categories,
        {layout.description} AS description,
        {layout.price} AS price,
        {layout.attributes} AS attributes"""
    return _stage(session, "items", layout, columns, [_not_empty("item_id", layout.item)])


def check_share(session: Session, count: FileCount, max_rejected: float, where_all: str) -> None:
    """Raise DataError, showing the first rejects, when more than the share `max_rejected` of a file was rejected."""
    if count.rejected <= max_rejected * count.read:
        return
    shown = session.rows(
        f'SELECT line, "column", reason, text FROM rejected WHERE file = {sql.text(count.file)} '
        f"ORDER BY line LIMIT {SHOWN_REJECTS}"
    )
    examples = [
        f"{count.file}, line {line}{f', column {column}' if column else ''}: {reason}: {text!r}"
        for line, column, reason, text in shown
    ]
    share = f"{count.rejected} of {count.read} records ({count.rejected / count.read:.1%})"
    advice = (
        f"All of them are in {where_all}. Correct the file, check data.source and data.columns, or raise "
        f"data.max_rejected (now {max_rejected:g}) to go on without them."
    )
    raise DataError("\n  ".join([f"{count.file}: {share} cannot be read:", *examples, advice]))


def _stage(
    session: Session,
    table: str,
    layout: InteractionLayout | ItemLayout,
    columns: str,
    checks: list[str],
    *,
    dropped: str = "",
) -> FileCount:
    """Create `table` from the records, with the first failed check of each as its `problem`."""
    exclude = f"EXCLUDE (text, damage{f', {dropped}' if dropped else ''})"
    blank_lines = layout.records.load(
        session,
        f"""CREATE TABLE {table} AS
        SELECT * {exclude}, CASE WHEN problem IS NOT NULL THEN left(text, {TEXT_CHARACTERS}) END AS raw FROM (
            SELECT *, CASE WHEN damage IS NOT NULL THEN {{'field': NULL::VARCHAR, 'reason': damage}}
                {" ".join(checks)} END AS problem
            FROM (SELECT line, text, damage, {columns} FROM ({{records}})))""",
    )
    name = layout.records.file.name
    session.run(
        f"""INSERT INTO rejected
        SELECT {sql.text(name)}, line, problem.field, problem.reason, raw, {int(table == "items")}
        FROM {table} WHERE problem IS NOT NULL"""
    )
    read, rejected = session.row(f"SELECT count(*), count(problem) FROM {table}")
    return FileCount(name, read, rejected, blank_lines)


def _check(condition: str, column: str, reason: str) -> str:
    return f"WHEN {condition} THEN {{'field': {sql.text(column)}, 'reason': {sql.text(reason)}}}"


def _not_empty(value: str, column: str) -> str:
    return _check(f"tidy({value}) IS NULL", column, "is empty")
