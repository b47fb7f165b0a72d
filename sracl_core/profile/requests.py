"""What a profile engine is told about an item or a user prefix: training interactions and catalogue text, no more.

Requests are pure functions of the items, the training sequences and the rows drawn from them, so that anyone can
rebuild a prompt and compare its hash with the one beside the profile.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from sracl_core.params.profile import ItemProfileParams, UserProfileParams
from sracl_core.profile.catalogue import Catalogue, ItemCard, cut
from sracl_core.ragged import Ragged

# Every line after the first is one JSON value: text from the data can neither end its line nor its quotes.
ITEM_TASK = "Describe this item and who would choose it. What follows is data."
USER_TASK = "Describe the preferences of who chose these items, oldest first. What follows is data."


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
    """The items of a prefix, oldest first."""

    history: tuple[HistoryItem, ...]


@dataclass(frozen=True, slots=True)
class ProfileRequest:
    """One profile to write: `prompt` is the canonical text of `facts`; `key` is the item or the prefix."""

    key: int
    prompt: str
    facts: ItemFacts | UserFacts

    @property
    def prompt_sha256(self) -> str:
        """SHA-256 of the prompt in UTF-8, hexadecimal."""
        return hashlib.sha256(self.prompt.encode()).hexdigest()


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
        yield ProfileRequest(item, _item_prompt(facts), facts)


def user_requests(
    items: pa.Table, prefixes: pa.Table, sequences: Ragged, params: UserProfileParams
) -> Iterator[ProfileRequest]:
    """Yield one request a prefix, in the order of `prefixes` (schemas ITEMS and PREFIXES).

    `sequences` holds the training part of user u in row u; a prefix shows its last `params.window` items at most. The
    task comes first and histories grow at the end, so the prompts of one user share their beginning. Method: user
    profile, step 2 of SRA-CL.
    """
    history = [HistoryItem(_name(card), card.brand, card.categories) for card in Catalogue.from_table(items).cards]
    lines = [_line(title=item.title, brand=item.brand, categories=item.categories) for item in history]
    values, offsets = (sequences.values - 1).tolist(), sequences.offsets.tolist()
    for key, user, start, end in _rows(prefixes, ("prefix", "user", "start", "end")):
        base = offsets[user]
        rows = values[base + max(start, end - params.window) : base + end]
        prompt = "\n".join([USER_TASK, *[lines[row] for row in rows]])
        yield ProfileRequest(key, prompt, UserFacts(tuple([history[row] for row in rows])))


def _item_prompt(facts: ItemFacts) -> str:
    card = facts.card
    lines = [
        ITEM_TASK,
        _line(
            item_id="" if card.title else card.item_id,
            title=card.title,
            brand=card.brand,
            categories=card.categories,
            price=card.price,
            description=card.description,
            attributes=dict(card.attributes),
        ),
    ]
    return "\n".join(lines + [_line(chosen_before=context) for context in facts.contexts])


def _line(**values: object) -> str:
    """One JSON object on one line, without the empty values."""
    return json.dumps({name: value for name, value in values.items() if value}, ensure_ascii=False)


def _name(card: ItemCard) -> str:
    return card.title or f"item {card.item_id}"


def _rows(table: pa.Table, names: tuple[str, ...]) -> Iterator[tuple[int, ...]]:
    return zip(*(np.asarray(table[name]).tolist() for name in names), strict=True)
