"""Raw files into DuckDB tables, with every line that cannot be used set aside and counted.

Tables: `interactions` (record, line, user_id, item_id, moment, unit, rating), `items` (record, line, item_id, title,
brand, categories, description, price, attributes, all as the cells say it), both with a `problem` that is null for good
lines, and `rejected`. `moment` and `unit` are those of `timestamps.py`; `record` and `line` count from 1, and of a file
with several records in a line `record` alone is unique.
"""

# ruff: noqa: S608 - statements are put together from code; values of users and files go through sql.text.

from dataclasses import dataclass

from sracl_core.ground.errors import DataError
from sracl_core.ground.outside import shown
from sracl_core.ingest.raw import sql
from sracl_core.ingest.raw.lines import Remarks
from sracl_core.ingest.raw.records import Records
from sracl_core.ingest.raw.session import Session
from sracl_core.ingest.sources.protocol import InteractionLayout, ItemLayout
from sracl_core.ingest.staging.timestamps import IN_BETWEEN, read_moments
from sracl_core.ingest.values.missing import MISSING

REJECTED_TABLE = (
    'CREATE TABLE rejected (file VARCHAR, line BIGINT, "column" VARCHAR, reason VARCHAR, text VARCHAR, part INT)'
)
TEXT_CHARACTERS = 200
SHOWN_REJECTS = 5
OTHER_DATE = "^[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}|^[0-9]{4}[./][0-9]{1,2}"
NO_ISO_DATE = "is a date in another form; write it as an ISO date such as 2018-07-07"
DECIMAL_COMMA = "is not a number; write a point, not a comma, before the decimals"
MISSING_WORDS = ", ".join(sql.text(word) for word in sorted(MISSING))


@dataclass(frozen=True)
class FileCount:
    """What became of the records of one file; `ids_with_blanks` have an id that had white space round it."""

    file: str
    read: int
    rejected: int
    remarks: Remarks
    ids_with_blanks: int


def stage_interactions(session: Session, layout: InteractionLayout, timestamp_unit: str) -> FileCount:
    """Read the interactions into the table `interactions`; see the module for its columns."""
    field = layout.records.field
    checks = [*id_checks("user_id", layout.user), *id_checks("item_id", layout.item)]
    cells = f"""{field(layout.user)} AS raw_user, {field(layout.item)} AS raw_item,
        {f"tidy({field(layout.rating)})" if layout.rating else "NULL::VARCHAR"} AS rating_text"""
    layers = [
        cells,
        f"""tidy(raw_user) AS user_id, tidy(raw_item) AS item_id,
        CASE WHEN rating_text NOT IN ({MISSING_WORDS}) THEN number_of(rating_text) END AS rating""",
        "user_id <> raw_user OR item_id <> raw_item AS blanks",
    ]
    between = ["raw_user", "raw_item", "rating_text"]
    if layout.timestamp:
        first, *others = read_moments(timestamp_unit)
        layers = [f"{cells}, tidy({field(layout.timestamp)}) AS stamp", f"{layers[1]}, {first}", layers[2], *others]
        between += IN_BETWEEN
        expected = "a number of seconds, milliseconds, microseconds or nanoseconds between 1970 and 2100"
        if timestamp_unit != "auto":
            expected = f"a number (data.timestamp_unit {timestamp_unit})"
        checks += [
            failing("stamp IS NULL", layout.timestamp, "is empty"),
            failing(f"moment IS NULL AND regexp_matches(stamp, '{OTHER_DATE}')", layout.timestamp, NO_ISO_DATE),
            failing("moment IS NULL", layout.timestamp, f"is neither {expected} nor an ISO date"),
        ]
    else:
        layers.append("record * 1000000 AS moment, NULL::INTEGER AS unit")
    if layout.rating:
        wrong = f"rating IS NULL AND rating_text NOT IN ({MISSING_WORDS})"
        checks += [
            failing(f"{wrong} AND regexp_full_match(rating_text, '[0-9]+,[0-9]+')", layout.rating, DECIMAL_COMMA),
            failing(wrong, layout.rating, "is not a number"),
        ]
    return stage_table(session, "interactions", layout.records, layers, checks, between=between)


def stage_items(session: Session, layout: ItemLayout) -> FileCount:
    """Read the catalogue into the table `items`; see the module for its columns."""
    layers = [
        f"""{layout.records.field(layout.item)} AS raw_item,
        {layout.title} AS title,
        {layout.brand} AS brand,
        {layout.categories} AS categories,
        [{", ".join(layout.description)}]::VARCHAR[] AS description,
        {layout.price} AS price,
        {layout.attributes} AS attributes""",
        "tidy(raw_item) AS item_id",
        "item_id <> raw_item AS blanks",
    ]
    checks = id_checks("item_id", layout.item)
    return stage_table(session, "items", layout.records, layers, checks, between=["raw_item"])


def check_share(session: Session, count: FileCount, max_rejected: float, where_all: str) -> None:
    """Raise DataError, showing the first rejects, when more than the share `max_rejected` of a file was rejected."""
    if count.rejected <= max_rejected * count.read:
        return
    first = session.rows(
        f'SELECT line, "column", reason, text FROM rejected WHERE file = {sql.text(count.file)} '
        f"ORDER BY line LIMIT {SHOWN_REJECTS}"
    )
    examples = [
        f"{count.file}, line {line}{f', column {shown(column)}' if column else ''}: {reason}: {text!r}"
        for line, column, reason, text in first
    ]
    share = f"{count.rejected} of {count.read} records ({count.rejected / count.read:.1%})"
    advice = (
        f"All of them are in {where_all}. Correct the file, check data.source and data.sources.table.columns, or raise "
        f"data.max_rejected (now {max_rejected:g}) to go on without them."
    )
    if any("UTF-8" in reason for _, _, reason, _ in first):
        advice += f" If the file is Western European, write it as UTF-8: iconv -f CP1252 -t UTF-8 {count.file} > NEW"
    raise DataError("\n  ".join([f"{count.file}: {share} cannot be read:", *examples, advice]))


def stage_table(
    session: Session,
    table: str,
    records: Records,
    layers: list[str],
    checks: list[str],
    *,
    between: list[str],
) -> FileCount:
    """Create `table` from the records, with the first failed check of each as its `problem`.

    `layers` are columns that build on those of the layers before, `between` those that are not kept. Each layer is a
    query of its own, so that nothing is worked out twice.
    """
    first, *others = layers
    query = f"SELECT record, line, text, damage, {first} FROM ({{records}})"
    for layer in others:
        query = f"SELECT *, {layer} FROM ({query})"
    remarks = records.load(
        session,
        f"""CREATE TABLE {table} AS
        SELECT * EXCLUDE ({", ".join(["text", "damage", *between])}),
            CASE WHEN problem IS NOT NULL THEN left(text, {TEXT_CHARACTERS}) END AS raw FROM (
            SELECT *, CASE WHEN damage IS NOT NULL THEN {{'field': NULL::VARCHAR, 'reason': damage}}
                {" ".join(checks)} END AS problem
            FROM ({query}))""",
    )
    name = records.file.name
    session.run(
        f"""INSERT INTO rejected
        SELECT {sql.text(name)}, line, problem.field, problem.reason, raw, {int(table == "items")}
        FROM {table} WHERE problem IS NOT NULL"""
    )
    read, rejected, blanks = session.row(
        f"SELECT count(*), count(problem), count(*) FILTER (blanks AND problem IS NULL) FROM {table}"
    )
    return FileCount(name, read, rejected, remarks, blanks)


def failing(condition: str, column: str, reason: str) -> str:
    """Return the SQL by which a record is rejected where `condition` holds: `column` is it that has the `reason`."""
    return f"WHEN {condition} THEN {{'field': {sql.text(column)}, 'reason': {sql.text(reason)}}}"


def id_checks(value: str, column: str) -> list[str]:
    """Return the checks of the SQL `value` as an id, which stands in `column`."""
    whole = f"(starts_with({value}, '[') OR starts_with({value}, '{{')) AND json_valid({value})"
    return [
        failing(f"{value} IS NULL", column, "is empty"),
        failing(f"{value} IN ({MISSING_WORDS})", column, "is a word that stands for a missing value"),
        failing(whole, column, "is a list or an object, not an id; each record must be of one"),
        failing(f"contains({value}, chr(10))", column, "holds a line break; a quote that is not closed joins lines"),
        failing(f"regexp_matches({value}, '\\p{{Cc}}')", column, "holds a control character, such as NUL; take it out"),
    ]
