"""Candidate pools as an artifact; one without rows where they cannot be filled."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from sracl_core.retrieval.index.faiss_index import read_index
from sracl_core.retrieval.mining.pools import candidate_pools, pool_table
from sracl_core.retrieval.shortage import find_shortage
from sracl_core.schemas.pools import pool_schema


def mine_pools(
    index: Path, keys: np.ndarray, vectors: np.ndarray, *, what: str, k: int, users: np.ndarray | None = None
) -> tuple[pa.Table, str]:
    """Return the pools of all keys as a table in `pool_schema(k)`, and a line that tells people of them.

    `index` is the index file of the unit `vectors` float32 [n, D] with ascending `keys` int64 [n]; `users` int64 [n]
    is given where no key of the same user may be in a pool. `what` names the keys to people, in the plural. Where a key
    has fewer than `k` others, the table has no rows and the line says why: a training without contrast needs no pools,
    so a shortage ends no run here. Raises ArtifactError when the index cannot be used.
    """
    searched = read_index(index, keys, vectors)
    shortage = find_shortage(what, k, len(keys), users)
    if shortage is not None:
        plain = "Training with train.objective: plain needs none."
        line = f"no pools were made. {shortage.cause} {plain} To have some: {', or '.join(shortage.remedies)}."
        return pool_schema(k).empty_table(), line
    neighbours, scores = candidate_pools(searched, keys, vectors, k, users)
    return pool_table(keys, neighbours, scores), f"{len(keys)} pools of {k}, mean cosine {scores.mean(dtype=float):.3f}"
