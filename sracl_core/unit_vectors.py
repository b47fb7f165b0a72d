"""Vectors of length 1: of any vectors, drawn by chance, and the means of those of a prefix's items."""

from typing import Literal

import numpy as np
import pyarrow as pa

from sracl_core.ragged import Ragged

Kind = Literal["item", "user"]
ROWS_AT_ONCE = 4_096
NOTHING = 1e-9  # a vector shorter than this has no direction


def prefix_means(items: np.ndarray, train: Ragged, prefixes: pa.Table) -> np.ndarray:
    """Return the mean of the vectors `items` float [n, D] over `train[start:end]` of each prefix, float64 [P, D]."""
    user, start, end = (prefixes[name].to_numpy().astype(np.int64) for name in ("user", "start", "end"))
    first, counts = train.offsets[user] + start, end - start
    means = np.empty((len(user), items.shape[1]))
    for begin in range(0, len(user), ROWS_AT_ONCE):
        part = slice(begin, begin + ROWS_AT_ONCE)
        starts = np.cumsum(counts[part]) - counts[part]
        places = np.arange(int(counts[part].sum())) + np.repeat(first[part] - starts, counts[part])
        sums = np.add.reduceat(items[train.values[places] - 1].astype(np.float64), starts, axis=0)
        means[part] = sums / counts[part][:, None]
    return means


def random_units(count: int, dimension: int, seed: int, kind: Kind) -> np.ndarray:
    """Return `count` unit vectors in directions drawn evenly, float32 [count, dimension]."""
    drawn = np.random.default_rng([seed, kind == "user"]).standard_normal((count, dimension))
    return unit_vectors(drawn, np.eye(1, dimension).repeat(count, axis=0))


def unit_vectors(vectors: np.ndarray, instead: np.ndarray) -> np.ndarray:
    """Return `vectors` [n, D] at length 1, float32; those without a direction as `instead`."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(norms > NOTHING, vectors / np.maximum(norms, NOTHING), instead).astype(np.float32)
