"""Texts that a team brings along, found by the ids of its items and users; every record of their file is accounted for.

A text of a user is of one prefix, the user's first `end` training items, or (`end` 0) of all prefixes.
"""

# ruff: noqa: S608 - statements are put together from code; values of users and files go through sql.text.

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import TableWriter, write_table
from sracl_core.ground.errors import DataError
from sracl_core.ground.outside import shown_value
from sracl_core.ingest.raw.any_form import records_of
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.json_records import WHOLE
from sracl_core.ingest.raw.records import Records
from sracl_core.ingest.raw.session import Session
from sracl_core.ingest.staging.ids import id_of
from sracl_core.ingest.staging.notes import file_notes
from sracl_core.ingest.staging.stage import REJECTED_TABLE, FileCount, check_share, failing, id_checks, stage_table
from sracl_core.params.own import TextTableParams
from sracl_core.schemas.ingest import REJECTED
from sracl_core.schemas.own_texts import ITEM_TEXTS, USER_TEXTS

ROWS_AT_ONCE = 1 << 14
SHOWN = 5
NO_COUNT = "is not a whole number from 1 on"


@dataclass(frozen=True)
class OwnTexts:
    """Where the texts go that were brought, and the records that cannot be read."""

    items: Path
    users: Path
    rejected: Path


@dataclass(frozen=True)
class OwnColumns:
    """The columns of a file of `kind` ("item" or "user"): the id, the text, and the `end`, None where there is none.

    Each is (name, parameter that names it). Without a `text`, the text of a record is its number, from 1.
    """

    kind: str
    id: tuple[str, str]
    text: tuple[str, str] | None
    end: tuple[str, str] | None = None


@dataclass(frozen=True)
class TextCount:
    """What became of the good records of a file: blank + unknown + repeated + the texts `kept`; `named` are unknown."""

    kind: str
    read: FileCount
    kept: int
    blank: int
    unknown: int
    repeated: int
    named: list[str]

    def line(self, called: str = "texts") -> str:
        """One plain line for a person, who knows what is read as `called`; what did not happen is left out."""
        what = "items" if self.kind == "item" else "users or prefixes"
        ids = f" ({', '.join(map(repr, self.named))}{', …' if self.unknown > len(self.named) else ''})"
        told = [
            f"{self.kept} {called} from {self.read.file}",
            f"{self.unknown} of {what} that the training part does not have{ids}" if self.unknown else "",
            f"{self.repeated} of {what} that were there before; the first counts" if self.repeated else "",
            f"{self.blank} without a text" if self.blank else "",
            f"{self.read.rejected} of {self.read.read} records rejected" if self.read.rejected else "",
        ]
        return "; ".join(filter(None, told))


def write_own_texts(
    session: Session,
    folder: RawFolder,
    table: TextTableParams,
    *,
    items: pa.Table,
    users: pa.Table,
    outputs: OwnTexts,
    provenance: Provenance,
    max_rejected: float,
) -> list[str]:
    """Write the texts in the files of `folder` that `table` names, and return what a person should know of them.

    `items` and `users` are in the schemas ITEMS and USERS. Where no file is named, no text is written. Raises DataError
    where a file or a column is missing, and where more than the share `max_rejected` of a file cannot be read.
    """
    session.run(REJECTED_TABLE)
    names, where = table.columns, "profile.engines.table.columns"
    text = (names.text, f"{where}.text")
    end = (names.end, f"{where}.end") if names.end else None
    counts: list[FileCount] = []
    told: list[str] = []
    for kind, file, path, columns, known in (
        (
            "item",
            table.items,
            outputs.items,
            OwnColumns("item", (names.item, f"{where}.item"), text),
            known_items(items),
        ),
        (
            "user",
            table.users,
            outputs.users,
            OwnColumns("user", (names.user, f"{where}.user"), text, end),
            known_users(users),
        ),
    ):
        texts = (USER_TEXTS if kind == "user" else ITEM_TEXTS).empty_table()
        if file is not None:
            texts, count = own_texts(session, folder.named(file, f"profile.engines.table.{kind}s"), columns, known)
            counts.append(count.read)
            told.append(f"{kind}s: {count.line()}")
        write_table(path, texts, texts.schema, provenance)
    finish_account(session, counts, outputs.rejected, provenance, max_rejected)
    return told + file_notes(counts)


def finish_account(
    session: Session, counts: list[FileCount], rejected: Path, provenance: Provenance, max_rejected: float
) -> None:
    """Write what was rejected, and raise DataError where it is more than the share `max_rejected` of a file."""
    with TableWriter(rejected, REJECTED, provenance) as rejects:
        for batch in session.tables("SELECT * FROM rejected ORDER BY file, line", ROWS_AT_ONCE):
            rejects.write(batch)
    for read in counts:
        check_share(session, read, max_rejected, str(rejected))


def known_items(items: pa.Table) -> pa.Table:
    """Return what `own_texts` is to know of `items` (schema ITEMS)."""
    return pa.table({"number": items["item"], "id": items["item_id"], "most": np.zeros(len(items), np.int32)})


def known_users(users: pa.Table) -> pa.Table:
    """Return what `own_texts` is to know of `users` (schema USERS): a prefix has a target in the training part."""
    longest = pc.max_element_wise(pc.subtract(users["n_train"], 1), 0)
    return pa.table({"number": users["user"], "id": users["user_id"], "most": longest})


def own_texts(session: Session, file: RawFile, columns: OwnColumns, known: pa.Table) -> tuple[pa.Table, TextCount]:
    """Return the texts in `file` of what is `known`, in the schema ITEM_TEXTS or USER_TEXTS, and the account.

    `known` has the columns number, id and most: our number, the external id, and the largest `end` that a text of it
    may have (0 for an item). The table `rejected` must be there. Of several texts of one key the first counts. Raises
    DataError where a column is missing.
    """
    records = records_of(file, tuple(name for name, _ in filter(None, (columns.id, columns.text, columns.end))))
    own_id = _column(records, *columns.id)
    text = f"tidy({records.field(_column(records, *columns.text))})" if columns.text else "record::VARCHAR"
    end = _column(records, *columns.end) if columns.end else None
    cells = f"{records.field(own_id)} AS raw_id, {text} AS own_text"
    number = f"number_of(tidy({records.field(end)}))" if end else "0"
    layers = [
        f"{cells}, {number} AS end_number",
        "tidy(raw_id) AS own_id, TRY_CAST(end_number AS INTEGER) AS own_end",
        "own_id <> raw_id AS blanks",
    ]
    checks = id_checks("own_id", own_id)
    if end:
        checks.append(failing("coalesce(own_end < 1 OR own_end <> end_number, true)", end, NO_COUNT))
    table = f"{columns.kind}_texts"
    count = stage_table(session, table, records, layers, checks, between=["raw_id", "end_number"])
    session.connection.register("known", known)
    own_id_sql = id_of(session, table, "own_id")
    session.run(f"""
        CREATE TABLE placed AS SELECT t.record, {own_id_sql} AS id, t.own_end, t.own_text, k.number
            FROM {table} t LEFT JOIN known k ON {own_id_sql} = k.id AND t.own_end <= k.most WHERE t.problem IS NULL;
        CREATE TABLE firsts AS SELECT min(record) AS record FROM placed
            WHERE number IS NOT NULL AND own_text IS NOT NULL GROUP BY number, own_end""")
    good, blank, unknown = session.row(
        """SELECT count(*), count(*) FILTER (own_text IS NULL),
            count(*) FILTER (own_text IS NOT NULL AND number IS NULL) FROM placed"""
    )
    missing = "own_text IS NOT NULL AND number IS NULL"
    named = session.rows(f"SELECT id FROM placed WHERE {missing} GROUP BY id ORDER BY min(record) LIMIT {SHOWN}")
    schema, ends = (USER_TEXTS, 'p.own_end AS "end", ') if columns.kind == "user" else (ITEM_TEXTS, "")
    rows = session.connection.sql(
        f"""SELECT p.number AS {columns.kind}, {ends}p.own_text AS text
        FROM placed p JOIN firsts USING (record) ORDER BY p.number, p.own_end"""
    ).to_arrow_table()
    session.connection.unregister("known")
    session.run(f"DROP TABLE placed; DROP TABLE firsts; DROP TABLE {table}")
    kept = rows.num_rows
    repeated = good - blank - unknown - kept
    return rows.cast(schema), TextCount(columns.kind, count, kept, blank, unknown, repeated, [one for (one,) in named])


def _column(records: Records, name: str, parameter: str) -> str:
    if records.columns.count(name) == 1:
        return name
    found = [shown_value(one) for one in records.columns if one != WHOLE]
    more = f" and {len(found) - 20} more" if len(found) > 20 else ""
    raise DataError(
        f"{records.file.name} has {'no column' if name not in records.columns else 'several columns'} {name!r} "
        f"({parameter}). Columns found: {', '.join(found[:20])}{more}. Set {parameter} to one of them"
        + (", or leave it empty where there is one text a user." if parameter.endswith(".end") else ".")
    )
