"""The candidate pools: what may stand in them, that scores are cosines, and a sample of them searched again."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sracl_core.leakage.inputs.prompts import require_same_keys
from sracl_core.leakage.shared.certificate import Check
from sracl_core.retrieval.shortage import find_shortage

ROWS_AT_ONCE = 2**12
# Two float32 sums over the same thousand products, in another order, differ by some 1e-6.
SCORE_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Space:
    """What pools of a kind ("item" or "user") are searched in.

    `keys` int64 [P] ascending are all items, or all prefixes, with their `vectors` float32 [P, D]. `users` int64 [P]
    are the users of the prefixes when a pool may hold none of the anchor's own user, else None.
    """

    kind: str
    keys: np.ndarray
    vectors: np.ndarray
    users: np.ndarray | None

    @property
    def named(self) -> str:
        """What the keys are, for people."""
        return "items" if self.kind == "item" else "training prefixes"


def check_pool(pool: pa.Table, space: Space, k: int) -> Check:
    """Prove that each key of `space` has a pool of `k` distinct others, or that there can be no such pools.

    `pool` is in `pool_schema(k)`. The scores must be the cosines, best first.
    """
    kind, keys = space.kind, space.keys
    shortage = find_shortage(space.named, k, len(keys), space.users)
    what = f"each {kind} pool holds {k} distinct {space.named}, best first with their cosines, never itself"
    what += ", and no prefix of the same user." if space.users is not None else "."
    if shortage is not None:
        what = f"there are no {kind} pools, since they can't be filled: {shortage.cause}"
    check = Check(f"{kind} pool", len(pool), what, made_by=f"mine_{kind}s")
    found = pool.schema.field("neighbour").type.list_size
    if found != k:
        check.refuse(f"pools are made for {found} neighbours, but mine.k is {k}", [], len(pool))
    anchors = pool["key"].to_numpy()
    if shortage is not None:
        check.require_none(np.ones(len(pool), bool), "pools that should not exist", lambda row: f"key {anchors[row]}")
        return check
    require_same_keys(check, anchors, keys)
    check.require_none(anchors != keys, "pools out of the order of their keys", lambda row: f"key {anchors[row]}")
    neighbours, scores = (matrix(pool, column) for column in ("neighbour", "score"))
    for begin in range(0, len(keys), ROWS_AT_ONCE):
        rows = np.arange(begin, min(begin + ROWS_AT_ONCE, len(keys)))
        _check_rows(check, space, rows, neighbours[rows], scores[rows])
    return check


def check_search(pool: pa.Table, space: Space, rows: np.ndarray) -> Check:
    """Prove of the sampled `rows` int64 [n] that nothing nearer was left out of their pools, by a search of all keys.

    `check_pool` must have held of `pool`. No rows: nothing is proven, and the check says so.
    """
    kind, keys, vectors = space.kind, space.keys, space.vectors
    own = space.users if space.users is not None else np.arange(len(keys))
    what = f"not proven: certify.sample is 0, or there are no {kind} pools, so none was searched again."
    if len(rows):
        of = f"{len(rows):,} of {len(keys):,} {kind} pools, drawn with certify.seed,"
        what = f"{of} leave out nothing nearer among all keys that may be in them."
    check = Check(f"{kind} search", len(rows), what, made_by=f"mine_{kind}s")
    if not len(rows):
        return check
    places = np.searchsorted(keys, matrix(pool, "neighbour")[rows])  # [n, k]
    worst = matrix(pool, "score")[rows, -1]  # [n]
    found = np.full(len(rows), -1)  # a nearer row that was left out
    for begin in range(0, len(keys), 2**16):
        part = slice(begin, begin + 2**16)
        nearer = vectors[rows] @ vectors[part].T > worst[:, None] + SCORE_TOLERANCE  # [n, p]
        nearer &= own[part] != own[rows][:, None]
        inside = (places >= begin) & (places < begin + nearer.shape[1])
        anchor, slot = np.nonzero(inside)
        nearer[anchor, places[anchor, slot] - begin] = False
        missed = nearer.any(axis=1)
        found[missed] = begin + nearer[missed].argmax(axis=1)
    check.require_none(
        found >= 0, "pools leave out a nearer key", lambda row: f"key {keys[rows[row]]}: not {keys[found[row]]}"
    )
    return check


def matrix(table: pa.Table, column: str) -> np.ndarray:
    """Return a fixed-size list column without nulls as a matrix, [rows, size]."""
    lists = table[column].combine_chunks()
    return lists.flatten().to_numpy().reshape(-1, lists.type.list_size)


def _check_rows(check: Check, space: Space, rows: np.ndarray, neighbours: np.ndarray, scores: np.ndarray) -> None:
    """Check the pools `neighbours` and `scores` [b, k] of the keys at `rows` [b]."""
    keys, users, vectors = space.keys, space.users, space.vectors

    def tell(row: int) -> str:
        return f"key {keys[rows[row]]}: neighbours {neighbours[row].tolist()}"

    place = np.searchsorted(keys, neighbours)
    unknown = np.append(keys, -1)[place] != neighbours
    check.require_none(unknown.any(axis=1), "pools hold neighbours that don't exist", tell)
    check.require_none((neighbours == keys[rows][:, None]).any(axis=1), "pools hold the anchor itself", tell)
    ordered = np.sort(neighbours, axis=1)
    check.require_none((ordered[:, 1:] == ordered[:, :-1]).any(axis=1), "pools hold a neighbour twice", tell)
    if users is not None:
        wrong = (users[place] == users[rows][:, None]).any(axis=1)
        check.require_none(wrong, "pools hold prefixes of the anchor's own user", tell)
    cosines = np.einsum("bkd,bd->bk", vectors[place], vectors[rows])  # [b, k]
    near = np.less_equal(np.abs(cosines - scores), SCORE_TOLERANCE)  # [b, k], False where one is no number
    check.require_none(
        np.logical_not(near).any(axis=1),
        "pools hold scores that are not the cosines",
        lambda row: f"key {keys[rows[row]]}: scores {scores[row].tolist()}, cosines {cosines[row].round(6).tolist()}",
    )
    check.require_none(np.greater(scores[:, 1:], scores[:, :-1]).any(axis=1), "pools are not ordered best first", tell)
