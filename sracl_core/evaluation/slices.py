"""Groups of users that are reported apart: targets of the head or the tail, short or long histories."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np


def head_items(counts: np.ndarray, head_share: float) -> np.ndarray:
    """Return which items belong to the head, bool [n_items]: the `head_share` of all items bought most in training.

    `counts` is int64 [n_items], training interactions an item. The number of head items is rounded to the nearest and
    at least 1; among equally popular items the lower id comes first.
    """
    size = max(1, round(head_share * len(counts)))
    head = np.zeros(len(counts), dtype=bool)
    head[np.argsort(-counts, kind="stable")[:size]] = True
    return head


def length_slices(lengths: np.ndarray, edges: Sequence[int]) -> dict[str, np.ndarray]:
    """Return a bool [U] for each slice by history length; a slice begins at 1 and at each of the increasing `edges`.

    `lengths` is [U], in items, all at least 1. With edges 5, 10, 20 the slices are `length 1-4`, `length 5-9`,
    `length 10-19` and `length 20+`.
    """
    starts = sorted({1, *edges})
    slices = {
        f"length {low}-{high - 1}" if high - low > 1 else f"length {low}": (lengths >= low) & (lengths < high)
        for low, high in pairwise(starts)
    }
    slices[f"length {starts[-1]}+"] = lengths >= starts[-1]
    return slices


def all_slices(
    targets: np.ndarray, lengths: np.ndarray, counts: np.ndarray, head_share: float, edges: Sequence[int]
) -> dict[str, np.ndarray]:
    """Return a bool [U] for every slice: head, tail, then the lengths. `targets` are item ids [U]."""
    in_head = head_items(counts, head_share)[targets - 1]
    return {"head": in_head, "tail": ~in_head, **length_slices(lengths, edges)}
