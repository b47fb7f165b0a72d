"""Whether interactions and catalogue speak of the same items: how many found their row, and why others did not."""

# ruff: noqa: S608 - statements are put together from code.

from dataclasses import dataclass

from sracl_core.ingest.raw.session import Session

FEW = 0.5  # a smaller share of items with a catalogue row is warned of
EXAMPLES = 3
# How ids may differ that mean the same: what is to be said, and SQL that makes such ids equal.
DIFFERENCES = (
    ("differ in upper and lower case", "lower({id})"),
    ("have lost the zeros they began with on one side (read the column as text there)", "ltrim({id}, '0')"),
    ("are whole numbers on one side and floats (12.0) on the other", "regexp_replace({id}, '\\.0+$', '')"),
    (
        "differ in quotes, blanks or other punctuation",
        "regexp_replace(lower({id}), '[^\\pL\\pN]', '', 'g')",
    ),
    (
        "have something before or behind their number on one side",
        "ltrim(regexp_extract({id}, '([0-9]+)[^0-9]*$', 1), '0')",
    ),
)


@dataclass(frozen=True)
class Match:
    """Of the items and interactions that stayed, how many have a catalogue row; `warning` is "" where it is enough."""

    items: int
    listed_items: int
    interactions: int
    listed_interactions: int
    warning: str

    def line(self) -> str:
        """Return one plain sentence."""
        return (
            f"{self.listed_items} of {self.items} items ({self.listed_items / self.items:.1%}) and "
            f"{self.listed_interactions / self.interactions:.1%} of the interactions have a row in the catalogue."
        )


def match_catalogue(session: Session, interactions: int, interactions_file: str, items_file: str) -> Match:
    """Count what found its catalogue row; the view `catalogue` must be there, and `interactions` stayed."""
    items, listed = session.row("SELECT count(*), count(*) FILTER (listed) FROM catalogue")
    with_row = session.row(
        "SELECT count(*) FROM kept SEMI JOIN users USING (user_number) "
        "JOIN items_kept USING (item_number) SEMI JOIN first_rows USING (item_id)"
    )[0]
    warning = ""
    if listed < FEW * items:
        ours = _examples(session, "SELECT item_id FROM catalogue WHERE NOT listed ORDER BY item")
        theirs = _examples(
            session, "SELECT item_id FROM first_rows ANTI JOIN items_kept USING (item_id) ORDER BY record"
        )
        warning = (
            f"Only {listed} of {items} items have a row in the catalogue. Ids in {interactions_file}, without a row: "
            f"{ours}. Ids in {items_file}, without an interaction: {theirs}. {_cause(session)}"
        )
    return Match(items, listed, interactions, with_row, warning)


def _examples(session: Session, query: str) -> str:
    found = [repr(item_id) for (item_id,) in session.rows(f"{query} LIMIT {EXAMPLES}")]
    return ", ".join(found) if found else "none"


def _cause(session: Session) -> str:
    """The difference that explains most of the items without a row, if it explains half of them."""
    if not session.row("SELECT count(*) FROM first_rows")[0]:
        return "The catalogue is empty."
    missing = session.row("SELECT count(*) FROM catalogue WHERE NOT listed")[0]
    explained = []
    for said, like in DIFFERENCES:
        alike = like.format(id="item_id")
        count = session.row(
            f"""SELECT count(*) FROM (SELECT {alike} AS same FROM catalogue WHERE NOT listed)
            SEMI JOIN (SELECT {alike} AS same FROM first_rows) USING (same) WHERE same <> ''"""
        )[0]
        explained.append((count, said))
    count, said = max(explained, key=lambda pair: pair[0])
    if count >= FEW * missing:
        alike = f"{count} of these {missing} would find a row if they were written alike in both files"
        return f"Likely cause: the ids {said}; {alike}."
    return (
        "The ids are of different kinds, or the catalogue is of other items: check data.items_file and, in tables of "
        "your own, data.sources.table.columns.item and data.sources.table.columns.catalogue_item."
    )
