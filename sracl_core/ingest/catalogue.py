"""The catalogue rows of the items that stayed, and what is to be said about the others."""

# ruff: noqa: S608 - statements are put together from code.

from dataclasses import dataclass
from pathlib import Path

from sracl_core.artifacts import ITEMS, Provenance, TableWriter
from sracl_core.ingest.session import Session
from sracl_core.progress import Progress

ROWS_AT_ONCE = 1 << 14
NAMED = 20

EMPTY = """CREATE TABLE items (line BIGINT, item_id VARCHAR, title VARCHAR, brand VARCHAR, categories VARCHAR[],
    description VARCHAR, price VARCHAR, attributes MAP(VARCHAR, VARCHAR), problem INTEGER)"""

# The first row of each item; every item that stayed, with that row or without one.
JOINED = """
    CREATE TABLE first_rows AS SELECT item_id, min(line) AS line FROM items WHERE problem IS NULL GROUP BY item_id;
    CREATE VIEW catalogue AS
        SELECT k.item, k.item_id, i.title, i.brand, coalesce(i.categories, []) AS categories, i.description, i.price,
            coalesce(i.attributes, MAP {}::MAP(VARCHAR, VARCHAR)) AS attributes, i.line IS NOT NULL AS listed
        FROM items_kept k LEFT JOIN first_rows f USING (item_id) LEFT JOIN items i ON i.line = f.line"""

NO_TEXT = """coalesce(title, brand, description) IS NULL AND len(categories) = 0 AND cardinality(attributes) = 0"""


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


def write_items(session: Session, items: int, path: Path, provenance: Provenance) -> CatalogueCount:
    """Write the `items` items that stayed, in the order of their numbers; of several rows of one, the first counts."""
    session.run(JOINED)
    with TableWriter(path, ITEMS, provenance) as file, Progress("writing items", items, "item") as progress:
        for table in session.tables("SELECT * EXCLUDE (listed) FROM catalogue ORDER BY item", ROWS_AT_ONCE):
            file.write(table)
            progress.advance(table.num_rows)
    good = session.row("SELECT count(*) FROM items WHERE problem IS NULL")[0]
    distinct = session.row("SELECT count(*) FROM first_rows")[0]
    kept = session.row("SELECT count(*) FROM first_rows SEMI JOIN items_kept USING (item_id)")[0]
    return CatalogueCount(
        duplicates=good - distinct,
        without_interactions=distinct - kept,
        kept=kept,
        not_listed=_named(session, "NOT listed"),
        no_text=_named(session, f"listed AND {NO_TEXT}"),
    )


def _named(session: Session, condition: str) -> tuple[int, list[str]]:
    count = session.row(f"SELECT count(*) FROM catalogue WHERE {condition}")[0]
    first = session.rows(f"SELECT item_id FROM catalogue WHERE {condition} ORDER BY item LIMIT {NAMED}")
    return count, [item_id for (item_id,) in first]
