"""What retrieval made of the profiles: embeddings and candidate pools."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from sracl_core.leakage.certificate import Check
from sracl_core.leakage.prompts import require_same_keys
from sracl_core.retrieval.shortage import find_shortage

# Unit vectors in float32 are off by about 1e-6 after a sum over a thousand dimensions.
NORM_TOLERANCE = 1e-4
ROWS_AT_ONCE = 2**17


def check_embeddings(kind: str, batches: Iterable[pa.RecordBatch], profile_keys: np.ndarray) -> Check:
    """Prove that there is one finite unit vector for each profile, and no other.

    `batches` are the rows of an embeddings file, [b] keys and [b, D] vectors each; `profile_keys` is int64 [P].
    """
    what = f"there is one finite unit vector for each {kind} profile and no other."
    check = Check(f"{kind} embeddings", len(profile_keys), what, made_by=f"embed_{kind}s")
    keys = [np.zeros(0, np.int64)]
    for batch in batches:
        keys.append(batch["key"].to_numpy())
        _check_norms(check, batch)
    require_same_keys(check, np.concatenate(keys), profile_keys)
    return check


def _check_norms(check: Check, batch: pa.RecordBatch) -> None:
    vectors = matrix(check, batch, "embedding")  # [b, D]
    norms = np.sqrt(np.einsum("bd,bd->b", vectors, vectors, dtype=np.float64))  # [b], NaN where a value is
    check.require_none(
        ~(np.abs(norms - 1) <= NORM_TOLERANCE),
        "vectors that are not finite or not of length 1",
        lambda row: f"key {batch['key'][row]}: length {norms[row]}",
    )


def check_pool(kind: str, pool: pa.Table, keys: np.ndarray, users: np.ndarray | None, k: int) -> Check:
    """Prove that each of `keys` has a pool of `k` distinct others among `keys`, or that there can be no such pools.

    `pool` is in `pool_schema(k)`; `keys` int64 [P] ascending are all items, or all prefixes. `users` int64 [P] are the
    users of the prefixes when a pool may hold none of the anchor's own user, else None.
    """
    named = "items" if kind == "item" else "training prefixes"
    shortage = find_shortage(named, k, len(keys), users)
    what = f"each {kind} pool holds {k} distinct {named}, never itself"
    what += ", and no prefix of the same user." if users is not None else "."
    if shortage is not None:
        what = f"there are no {kind} pools, since they can't be filled: {shortage.cause}"
    check = Check(f"{kind} pool", len(pool), what, made_by=f"mine_{kind}s")
    found = pool.schema.field("neighbour").type.list_size
    if found != k:
        check.refuse(f"pools are made for {found} neighbours, but mine.k is {k}", [], len(pool))
    if shortage is not None:
        check.require_none(
            np.ones(len(pool), bool), "pools that should not exist", lambda row: f"key {pool['key'][row]}"
        )
        return check
    require_same_keys(check, pool["key"].to_numpy(), keys)
    for batch in pool.to_batches(max_chunksize=ROWS_AT_ONCE):
        _check_pool_rows(check, batch, keys, users)
    return check


def _check_pool_rows(check: Check, batch: pa.RecordBatch, keys: np.ndarray, users: np.ndarray | None) -> None:
    anchor, neighbours = batch["key"].to_numpy(), matrix(check, batch, "neighbour")  # [b], [b, k]

    def tell(row: int) -> str:
        return f"key {anchor[row]}: neighbours {neighbours[row].tolist()}"

    place = np.searchsorted(keys, neighbours)
    unknown = np.append(keys, -1)[place] != neighbours
    check.require_none(unknown.any(axis=1), "pools hold neighbours that don't exist", tell)
    check.require_none((neighbours == anchor[:, None]).any(axis=1), "pools hold the anchor itself", tell)
    ordered = np.sort(neighbours, axis=1)
    check.require_none((ordered[:, 1:] == ordered[:, :-1]).any(axis=1), "pools hold a neighbour twice", tell)
    if users is not None:
        own = users[np.searchsorted(keys, anchor)]
        wrong = (users[place] == own[:, None]).any(axis=1)
        check.require_none(wrong, "pools hold prefixes of the anchor's own user", tell)


def matrix(check: Check, batch: pa.RecordBatch, column: str) -> np.ndarray:
    """Return a fixed-size list column as a matrix, [rows, size]; refuse where a row or a value is null."""
    lists = batch[column]
    values = lists.flatten()
    if lists.null_count or values.null_count:
        null = f"{lists.null_count} rows and {values.null_count} values are null"
        check.refuse(f"nulls in {column}", [null], lists.null_count + values.null_count)
    return values.to_numpy().reshape(len(lists), lists.type.list_size)
