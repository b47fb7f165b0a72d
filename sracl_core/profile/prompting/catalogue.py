"""The items' metadata in the form that requests and engines read, one card an item."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

# A title longer than this is a description in the wrong column.
TITLE_CHARACTERS = 300
ATTRIBUTES, ATTRIBUTE_CHARACTERS = 20, 100


@dataclass(frozen=True, slots=True)
class ItemCard:
    """What the catalogue says of one item; "" and () where it says nothing."""

    item_id: str
    title: str
    brand: str
    categories: tuple[str, ...]
    price: str
    description: str
    attributes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Catalogue:
    """The cards of all items; item i, counted from 1, is `cards[i - 1]`."""

    cards: list[ItemCard]

    @classmethod
    def from_table(cls, items: pa.Table) -> "Catalogue":
        """Take the rows of the items artifact, which are plain text, and cut what is overlong.

        Titles are cut at 300 characters; of other attributes, the first 20 by name are kept, cut at 100 characters.
        """
        return cls([_card(row) for row in items.to_pylist()])

    def __getitem__(self, item: int) -> ItemCard:
        return self.cards[item - 1]


def cut(text: str, characters: int) -> str:
    """Return at most `characters` of `text`, cut between words where there is a space."""
    if len(text) <= characters:
        return text
    head = text[:characters]
    return head.rsplit(" ", 1)[0] if text[characters] != " " else head


def _card(row: dict[str, Any]) -> ItemCard:
    named = {name: cut(value, ATTRIBUTE_CHARACTERS) for name, value in row["attributes"] or []}
    return ItemCard(
        row["item_id"],
        cut(row["title"] or "", TITLE_CHARACTERS),
        row["brand"] or "",
        tuple(row["categories"] or []),
        row["price"] or "",
        row["description"] or "",
        tuple(sorted(named.items())[:ATTRIBUTES]),
    )
