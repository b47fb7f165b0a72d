"""Candidate pools N_k: the exact top k by cosine, with what must not be in them left out.

The index finds more distinct vectors than are needed, these are scored again in an arithmetic that depends on the two
vectors alone, and the best k keys among those that may be in the pool are kept. What the index could have missed by
rounding is within `_margin`; a query whose pool is not certain by that much looks further.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from sracl_core.ground.errors import ParamsError
from sracl_core.progress import Progress
from sracl_core.retrieval.index.distinct import DistinctVectors
from sracl_core.retrieval.shortage import advice, find_shortage
from sracl_core.schemas.pools import pool_schema

TILE_BYTES = 64 * 2**20
FIRST_LOOK = 4  # times k + 1


@dataclass(frozen=True)
class _Search:
    """What every tile of queries reads; `groups` int64 [n] numbers what is left out together."""

    index: Any
    keys: np.ndarray
    vectors: np.ndarray
    distinct: DistinctVectors
    groups: np.ndarray
    group_sizes: np.ndarray
    k: int


def candidate_pools(
    index: Any, keys: np.ndarray, vectors: np.ndarray, k: int, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pools of all keys: neighbours int64 [n, k] (keys) and scores float32 [n, k] (cosines).

    `keys` int64 [n] ascend, `vectors` float32 [n, D] are unit vectors, and `index` holds the distinct ones among
    them (`build_index`). A key is never in its own pool, nor is another of its group where `groups` int64 [n] is given
    (the user of each prefix). Best first; equal scores by key. Method: step 4 of SRA-CL. Raises ParamsError when a key
    has fewer than `k` others it may have.
    """
    n = len(keys)
    groups = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(groups, minlength=1)
    shortage = find_shortage("keys", k, n, groups)
    if shortage is not None:
        raise ParamsError(f"{shortage.cause} {advice(shortage.remedies)}")
    distinct = DistinctVectors.of(vectors)
    search = _Search(index, keys, vectors, distinct, groups, sizes, k)
    neighbours = np.empty((n, k), dtype=np.int64)
    scores = np.empty((n, k), dtype=np.float32)
    # k + 1 distinct vectors besides those of the group are certainly enough, yet few of a long history are among the
    # nearest: begin with a few times k and look further only where that isn't enough. Powers of two, so that queries
    # share their searches.
    enough = 2 ** np.ceil(np.log2(k + 1 + sizes[groups])).astype(np.int64)  # [n]
    reach = np.minimum(enough, 2 ** math.ceil(math.log2(FIRST_LOOK * (k + 1))))  # [n]
    with Progress("mine", n, "keys") as progress:
        while (open_rows := np.flatnonzero(reach)).size:
            fetch = int(reach[open_rows].min())
            rows = open_rows[reach[open_rows] == fetch]
            reach[rows] = fetch * 2
            fetch = min(fetch, len(distinct))
            for part in _tiles(rows, search, fetch):
                found_neighbours, found_scores, certain = _top(search, part, fetch)
                done = part[certain]
                neighbours[done], scores[done] = found_neighbours[certain], found_scores[certain]
                reach[done] = 0
                progress.advance(len(done))
    return neighbours, scores


def pool_table(keys: np.ndarray, neighbours: np.ndarray, scores: np.ndarray) -> pa.Table:
    """Return the pools as a table in `pool_schema(k)`."""
    k = neighbours.shape[1]
    lists = [pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), k) for values in (neighbours, scores)]
    return pa.table([pa.array(keys, pa.int64()), *lists], schema=pool_schema(k))


def _tiles(rows: np.ndarray, search: _Search, fetch: int) -> list[np.ndarray]:
    """Part `rows` so that what one part gathers stays within TILE_BYTES; equal vectors stay together."""
    rows = rows[np.argsort(search.distinct.of_row[rows], kind="stable")]
    each = max(1, TILE_BYTES // (fetch * search.vectors.shape[1] * 8))
    return [rows[begin : begin + each] for begin in range(0, len(rows), each)]


def _top(search: _Search, rows: np.ndarray, fetch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return neighbours [Q, k], scores [Q, k] and whether they are certain, bool [Q], of the queries `rows` [Q]."""
    k, distinct = search.k, search.distinct
    queries, query_of = np.unique(distinct.of_row[rows], return_inverse=True)  # [q], [Q]
    vectors = search.vectors[distinct.first_rows[queries]]  # [q, D]
    rough, ids = search.index.search(vectors, fetch)  # [q, fetch] both
    found = np.searchsorted(search.keys[distinct.first_rows], ids)  # [q, fetch] distinct vectors
    exact = _scores(vectors, search.vectors[distinct.first_rows[found]])  # [q, fetch]

    # Members of a distinct vector, in key order, as many as a pool can need: k, and those that are left out.
    needed = k + search.group_sizes[search.groups[rows]]  # [Q]
    sizes = np.diff(distinct.offsets)[found][query_of]  # [Q, fetch]
    taken = np.minimum(sizes, needed[:, None]).reshape(-1)  # [Q * fetch]
    flat = np.repeat(np.arange(len(taken)), taken)  # [members]
    within = np.arange(len(flat)) - np.repeat(np.cumsum(taken) - taken, taken)
    member = distinct.members[distinct.offsets[found[query_of].reshape(-1)[flat]] + within]  # [members] rows
    query = flat // fetch  # [members]
    score = exact[query_of].reshape(-1)[flat]  # [members]
    allowed = search.groups[member] != search.groups[rows][query]
    query, member, score = query[allowed], member[allowed], score[allowed]

    order = np.lexsort((member, -score, query))
    starts = np.searchsorted(query[order], np.arange(len(rows)))  # [Q]
    enough = np.diff(np.append(starts, len(order))) >= k
    places = np.minimum(starts[:, None] + np.arange(k), max(len(order) - 1, 0))  # [Q, k]
    best = order[places] if len(order) else np.zeros_like(places)
    scores = score[best] if len(score) else np.zeros(best.shape, np.float32)
    neighbours = search.keys[member[best]] if len(member) else np.zeros(best.shape, np.int64)
    last_fetched = rough[query_of, -1]  # [Q]
    certain = enough & (scores[:, -1] > last_fetched + _margin(vectors.shape[1]))
    return neighbours, scores, certain | (fetch == len(distinct))


def _scores(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Return the dot products [q, m] of `queries` [q, D] and `candidates` [q, m, D].

    A pairwise sum over the last axis: its bits depend on the two vectors only, not on the shape or the place, so that
    equal pairs tie exactly (a matrix product promises no such thing).
    """
    return np.multiply(candidates, queries[:, None, :]).sum(axis=-1)


def _margin(dimension: int) -> float:
    """How far two float32 dot products of the same unit vectors can lie apart: twice the worst rounding error."""
    return 2 * dimension * 2.0**-24
