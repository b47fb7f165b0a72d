"""The cells of a catalogue row become the texts of an item: lists read, markup resolved, what is no text dropped."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sracl_core.ingest.sources.protocol import ItemLayout
from sracl_core.ingest.text.allowed import is_allowed
from sracl_core.ingest.text.markup import plain_text
from sracl_core.ingest.values.lists import listed
from sracl_core.ingest.values.missing import is_missing

NAMED = 20
# What pandas calls the column of its row numbers when it is read back.
_ROW_NUMBER = re.compile(r"Unnamed: \d+(_level_\d+)?")


@dataclass
class CellCount:
    """What the cells held that is no text of an item.

    `dropped` counts by (field, kind) what was code or leftover markup, with the first external ids in `dropped_from`;
    `missing` counts by field the words that stand for a missing value, `left_out` by name the attributes that are not
    allowed, `taken` those that are, and `abbreviated` the lists of which a tool had printed the ends alone.
    """

    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    dropped_from: list[str] = field(default_factory=list)
    missing: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    abbreviated: int = 0


class CellReader:
    """Reads the cells of one catalogue, laid out as `layout`; only `allowed` names become attributes (None: all)."""

    def __init__(self, layout: ItemLayout, allowed: frozenset[str] | None) -> None:
        self.count = CellCount()
        self._layout, self._allowed = layout, allowed
        self._item = ""

    def texts(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the staged `row` with plain texts, None where there is none; attributes sorted by name."""
        self._item = row["item_id"]
        attributes = self._attributes(dict(row["attributes"]))
        described = " ".join(filter(None, (self._joined(cell) for cell in row["description"])))
        if self._layout.tells_attributes:
            told = "; ".join(f"{name}: {value}" for name, value in attributes.items() if name not in ("city", "state"))
            described = ". ".join(filter(None, (described, told)))
        return row | {
            "title": self._plain("title", row["title"]),
            "brand": self._plain("brand", row["brand"]),
            "categories": self._categories(row["categories"]),
            "description": described or None,
            "price": self._plain("price", row["price"]),
            "attributes": sorted(attributes.items()),
        }

    def _plain(self, name: str, cell: str | None) -> str | None:
        if cell is None:
            return None
        if is_missing(cell):
            self.count.missing[name] += 1
            return None
        plain = plain_text(cell)
        if plain.dropped:
            self.count.dropped[name, plain.dropped] += 1
            if self._item not in self.count.dropped_from[-1:] and len(self.count.dropped_from) < NAMED:
                self.count.dropped_from.append(self._item)
        return plain.text or None

    def _parts(self, cell: str, *, unquoted: bool) -> list[str] | None:
        found = listed(cell, unquoted=unquoted)
        if found is None:
            return None
        self.count.abbreviated += found.abbreviated
        return found.parts

    def _joined(self, cell: str | None) -> str | None:
        if cell is None:
            return None
        parts = self._parts(cell, unquoted=False)
        if parts is None:
            return self._plain("description", cell)
        return " ".join(filter(None, (self._plain("description", part) for part in parts)))

    def _categories(self, cell: str | None) -> list[str]:
        if cell is None:
            return []
        parts = self._parts(cell, unquoted=True)
        if parts is None:
            parts = re.split(self._layout.parted_by, cell) if self._layout.parted_by else [cell]
        texts = (self._plain("categories", part) for part in parts)
        return list(dict.fromkeys(text for text in texts if text))

    def _attributes(self, cells: dict[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in self._layout.read_attributes(cells):
            plain_name, text = plain_text(name).text, self._plain("attributes", value)
            if text is None:
                continue
            row_number = not plain_name or _ROW_NUMBER.fullmatch(plain_name)
            if row_number or (self._allowed is not None and not is_allowed(plain_name, self._allowed)):
                self.count.left_out[plain_name or "(no name)"] += 1
            else:
                self.count.taken[plain_name] += 1
                found.setdefault(plain_name, text)
        return found
