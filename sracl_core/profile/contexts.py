"""Item contexts: training sequences that end in an item, shown to who writes the item's profile."""

import hashlib

import numpy as np
import pyarrow as pa

from sracl_core.ragged import Ragged
from sracl_core.schemas.profiles import CONTEXTS


def draw_contexts(sequences: Ragged, item_ids: list[str], contexts: int, context_items: int, seed: int) -> pa.Table:
    """Return up to `contexts` different training sequences that end in each item, in the schema CONTEXTS.

    `sequences` holds the training part of user u in row u, `item_ids[i - 1]` is the external id of item i. A row
    (item, user, start, end) stands for `train[start:end]` with `train[end - 1] == item` and at most `context_items`
    items before it. An occurrence with no earlier item tells nothing; it is drawn for an item that has no other.

    The draw orders an item's occurrences by a hash of `seed` and of the external ids in the sequence itself, and rows
    keep that order. So it depends on nothing else: another item, another user, or new numbers for them leave it as is.
    """
    items = sequences.values.astype(np.int64)  # [N], N interactions
    user = np.repeat(np.arange(len(sequences)), sequences.lengths)  # [N]
    position = np.arange(len(items)) - sequences.offsets[:-1][user]  # [N]
    draw = _hash_sequences(items, position, _hash_ids(item_ids, seed), context_items)
    # [N], by item; those with an earlier item first, in drawn order; equal sequences side by side.
    order = np.lexsort((position, user, draw, position == 0, items))
    again = (items[order][1:] == items[order][:-1]) & (draw[order][1:] == draw[order][:-1])
    order = order[np.concatenate([[True], ~again])[: len(order)]]
    of_item = items[order]
    first = np.searchsorted(of_item, of_item)
    place = np.arange(len(order)) - first
    bare = position[order] == 0
    chosen = order[(place < contexts) & (~bare | bare[first])]
    end = position[chosen] + 1
    columns = [items[chosen], user[chosen], np.maximum(end - 1 - context_items, 0), end]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, CONTEXTS, strict=True)], schema=CONTEXTS
    )


def _hash_ids(item_ids: list[str], seed: int) -> np.ndarray:
    """Return a keyed hash of each external id, uint64 [items + 1]; row 0 stands for "no item"."""
    key = seed.to_bytes(16, "little")
    digests = [hashlib.blake2b(item.encode(), digest_size=8, key=key).digest() for item in item_ids]
    return np.concatenate([np.zeros(1, np.uint64), np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)])


def _hash_sequences(items: np.ndarray, position: np.ndarray, of_item: np.ndarray, context_items: int) -> np.ndarray:
    """Return a hash of the sequence that ends at each interaction, uint64 [N]."""
    total = of_item[items]
    for back in range(1, context_items + 1):
        earlier = np.zeros_like(items)
        earlier[back:] = np.where(position[back:] >= back, items[:-back], 0)
        total = _mix(total) + of_item[earlier]
    return _mix(total)


def _mix(value: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64: every input bit moves every output bit; uint64 wraps round."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
