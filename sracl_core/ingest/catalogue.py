"""The catalogue rows of the items that stayed, and what is to be said about the others."""

# ruff: noqa: S608 - statements are put together from code.

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import TableWriter
from sracl_core.ingest.cells import NAMED, CellReader
from sracl_core.ingest.raw.session import Session
from sracl_core.progress import Progress
from sracl_core.schemas.ingest import ITEMS

ROWS_AT_ONCE = 1 << 14

EMPTY = """CREATE TABLE items (
    record BIGINT, line BIGINT, item_id VARCHAR, title VARCHAR, brand VARCHAR, categories VARCHAR,
    description VARCHAR[], price VARCHAR, attributes MAP(VARCHAR, VARCHAR), problem INTEGER)"""

# The first row of each item; every item that stayed, with that row or without one.
JOINED = """
    CREATE VIEW good_items AS SELECT * REPLACE ({item_id} AS item_id) FROM items WHERE problem IS NULL;
    CREATE TABLE first_rows AS SELECT item_id, min(record) AS record FROM good_items GROUP BY item_id;
    CREATE VIEW catalogue AS
        SELECT k.item, k.item_id, i.title, i.brand, i.categories, coalesce(i.description, []) AS description, i.price,
            coalesce(i.attributes, MAP {{}}::MAP(VARCHAR, VARCHAR)) AS attributes, i.record IS NOT NULL AS listed
        FROM items_kept k LEFT JOIN first_rows f USING (item_id) LEFT JOIN items i ON i.record = f.record"""


@dataclass(frozen=True)
class CatalogueCount:
    """What became of the good catalogue rows: duplicates + without_interactions + kept; and the items to name.

    `not_listed` are items with interactions but no catalogue row, `no_text` those with neither title, brand, category,
    description nor attribute; each as (how many, the first NAMED external ids). All of them stay.
    """

    duplicates: int
    without_interactions: int
    kept: int
    not_listed: tuple[int, list[str]]
    no_text: tuple[int, list[str]]


def join_catalogue(session: Session, item_id: str) -> None:
    """Make the view `catalogue` of the items that stayed; `item_id` is SQL for the id of a staged catalogue row."""
    session.run(JOINED.format(item_id=item_id))


def write_items(
    session: Session, items: int, path: Path, provenance: Provenance, reader: CellReader | None
) -> CatalogueCount:
    """Write the `items` items that stayed, in the order of their numbers; of several rows of one, the first counts.

    `reader` makes texts of the cells, None where there is no catalogue. The view `catalogue` must be there.
    """
    no_text: list[str] = []
    without = 0
    with TableWriter(path, ITEMS, provenance) as file, Progress("writing items", items, "item") as progress:
        for table in session.tables("SELECT * FROM catalogue ORDER BY item", ROWS_AT_ONCE):
            rows = [
                reader.texts(row) if reader and row["listed"] else row | {"categories": [], "description": None}
                for row in table.to_pylist()
            ]
            silent = [row["item_id"] for row in rows if row["listed"] and not _says_something(row)]
            without += len(silent)
            no_text += silent[: NAMED - len(no_text)]
            file.write(pa.Table.from_pylist(rows, ITEMS))
            progress.advance(table.num_rows)
    good = session.row("SELECT count(*) FROM good_items")[0]
    distinct = session.row("SELECT count(*) FROM first_rows")[0]
    kept = session.row("SELECT count(*) FROM first_rows SEMI JOIN items_kept USING (item_id)")[0]
    missing = session.rows(f"SELECT item_id FROM catalogue WHERE NOT listed ORDER BY item LIMIT {NAMED}")
    return CatalogueCount(
        duplicates=good - distinct,
        without_interactions=distinct - kept,
        kept=kept,
        not_listed=(items - kept, [item_id for (item_id,) in missing]),
        no_text=(without, no_text),
    )


def _says_something(row: dict[str, object]) -> bool:
    return any(row[name] for name in ("title", "brand", "categories", "description", "attributes"))
