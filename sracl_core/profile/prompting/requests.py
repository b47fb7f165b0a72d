"""What a profile engine is told about an item or a user prefix: training interactions and catalogue text, no more.

Requests are pure functions of the items, the training sequences and the rows drawn from them, so that anyone can
rebuild one and compare its hash with the one beside the profile. An engine knows nothing of an item or a user but its
request; what it makes of it, the prompt of a model for instance, is its own affair.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from sracl_core.params.profile import ItemProfileParams, UserProfileParams
from sracl_core.profile.prompting.catalogue import Catalogue, ItemCard, cut
from sracl_core.ragged import Ragged


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One item of a history, as a user's prompt shows it; an untitled item is called by its id."""

    title: str
    brand: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """An item's card, its description cut, and its contexts: titles of what was chosen before it, oldest first."""

    card: ItemCard
    contexts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class UserFacts:
    """The items of a prefix, oldest first; and which it is: the first `end` training items of `user`.

    No engine tells a model who the user is.
    """

    history: tuple[HistoryItem, ...]
    user: int = -1
    end: int = 0


@dataclass(frozen=True, slots=True)
class ProfileRequest:
    """One profile to write: `lines` are the canonical text of `facts`; `key` is the item or the prefix.

    Each line is one JSON value without angle brackets: text from the data can end neither its line, nor its quotes,
    nor a tag that an engine puts round the lines.
    """

    key: int
    lines: tuple[str, ...]
    facts: ItemFacts | UserFacts

    @property
    def sha256(self) -> str:
        """SHA-256 of the lines in UTF-8, hexadecimal."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()


def item_requests(
    items: pa.Table, contexts: pa.Table, sequences: Ragged, params: ItemProfileParams
) -> Iterator[ProfileRequest]:
    """Yield one request an item, in the order of `items` (schemas ITEMS and CONTEXTS).

    `sequences` holds the training part of user u in row u. A context without an earlier item is not shown. Method:
    item profile, step 1 of SRA-CL.
    """
    catalogue = Catalogue.from_table(items)
    names = [_name(card) for card in catalogue.cards]
    shown: dict[int, list[tuple[str, ...]]] = {}
    for item, user, start, end in _rows(contexts, ("item", "user", "start", "end")):
        if end - start > 1:
            earlier = sequences[user][start : end - 1].tolist()
            shown.setdefault(item, []).append(tuple(names[before - 1] for before in earlier))
    for item in items["item"].to_pylist():
        card = catalogue[item]
        card = replace(card, description=cut(card.description, params.description_characters))
        facts = ItemFacts(card, tuple(shown.get(item, ())))
        yield ProfileRequest(item, _item_lines(facts), facts)


def user_requests(
    items: pa.Table, prefixes: pa.Table, sequences: Ragged, params: UserProfileParams
) -> Iterator[ProfileRequest]:
    """Yield one request a prefix, in the order of `prefixes` (schemas ITEMS and PREFIXES).

    `sequences` holds the training part of user u in row u; a prefix shows its items from `start` on, its last
    `params.window` at most. There is one line an item, the newest last, so that the requests of one user share their
    beginning. Method: user profile, step 2 of SRA-CL.
    """
    history = [HistoryItem(_name(card), card.brand, card.categories) for card in Catalogue.from_table(items).cards]
    lines = [_line(title=item.title, brand=item.brand, categories=item.categories) for item in history]
    values, offsets = (sequences.values - 1).tolist(), sequences.offsets.tolist()
    for key, user, start, end in _rows(prefixes, ("prefix", "user", "start", "end")):
        base = offsets[user]
        rows = values[base + max(start, end - params.window) : base + end]
        facts = UserFacts(tuple([history[row] for row in rows]), user, end)
        yield ProfileRequest(key, tuple([lines[row] for row in rows]), facts)


def _item_lines(facts: ItemFacts) -> tuple[str, ...]:
    """What tells most comes first: an engine with little room cuts at the end."""
    card = facts.card
    short = {"title": card.title, "brand": card.brand, "categories": card.categories, "price": card.price}
    lines = [
        _line(item_id="" if card.title else card.item_id, **short),
        *([_line(description=card.description)] if card.description else []),
        *([_line(attributes=dict(card.attributes))] if card.attributes else []),
        *(_line(chosen_before=context) for context in facts.contexts),
    ]
    return tuple(lines)


def _line(**values: object) -> str:
    """One JSON object on one line, without the empty values."""
    text = json.dumps({name: value for name, value in values.items() if value}, ensure_ascii=False)
    # Outside a string JSON has no angle bracket, and inside one an escape means the same.
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def _name(card: ItemCard) -> str:
    return card.title or f"item {card.item_id}"


def _rows(table: pa.Table, names: tuple[str, ...]) -> Iterator[tuple[int, ...]]:
    return zip(*(np.asarray(table[name]).tolist() for name in names), strict=True)
