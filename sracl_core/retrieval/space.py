"""Vectors to mine pools from that know nothing of texts: the ablation "without semantics".

`collaborative`: items that users took close to each other are near; positive pointwise mutual information (PPMI) of
items in the training sequences, and its largest singular vectors. A prefix is the mean of its items. `random`: a
direction of its own for every item and every prefix.
"""

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.linalg import svds

from sracl_core.params.mine import MineParams
from sracl_core.ragged import Ragged
from sracl_core.unit_vectors import prefix_means, random_units, unit_vectors

NEAR = 20  # items apart in a sequence, at most, that were taken together: bounds the work for long sequences


def item_space(train: Ragged, n_items: int, params: MineParams) -> np.ndarray:
    """Return the unit vectors of items 1 … n, float32 [n, D], as `mine.vectors` (not semantic) says.

    `train` holds the training part of each user. Items that were never taken near another have a random direction.
    """
    directions = random_units(n_items, params.dimension, params.seed, "item")
    if params.vectors == "random":
        return directions
    return unit_vectors(_singular(_ppmi(train, n_items), params), directions)


def user_space(items: np.ndarray, train: Ragged, prefixes: pa.Table, params: MineParams) -> np.ndarray:
    """Return the unit vectors of the `prefixes` (schema PREFIXES), float32 [P, D], as `mine.vectors` says.

    `items` float32 [n, D] are those of `item_space`. A collaborative one is the mean of the items that the prefix
    shows, `train[start:end]`.
    """
    directions = random_units(len(prefixes), params.dimension, params.seed, "user")
    return directions if params.vectors == "random" else unit_vectors(prefix_means(items, train, prefixes), directions)


def _ppmi(train: Ragged, n_items: int) -> csr_matrix:
    """PPMI of items at most NEAR places apart: max(0, log(n_ab · n / (n_a · n_b))), symmetric, [n, n]."""
    values, users = train.values.astype(np.int64) - 1, np.repeat(np.arange(len(train)), train.lengths)
    counts = csr_matrix((n_items, n_items))
    for apart in range(1, min(NEAR, int(train.lengths.max(initial=1)) - 1) + 1):
        near = (users[apart:] == users[:-apart]) & (values[apart:] != values[:-apart])
        left, right = values[:-apart][near], values[apart:][near]
        counts += coo_matrix((np.ones(len(left)), (left, right)), (n_items, n_items)).tocsr()
    pairs = (counts + counts.T).tocoo()
    of_item = np.asarray(pairs.sum(axis=1)).ravel()
    information = np.log(pairs.data * pairs.data.sum() / (of_item[pairs.row] * of_item[pairs.col]))
    kept = information > 0
    found = coo_matrix((information[kept], (pairs.row[kept], pairs.col[kept])), (n_items, n_items)).tocsr()
    found.sort_indices()
    return found


def _singular(matrix: csr_matrix, params: MineParams) -> np.ndarray:
    """`U·√S` of the largest singular values of `matrix` [n, n], float64 [n, D]; the same numbers every time.

    The iteration starts from a fixed vector, and of each singular vector the largest number is positive. Where there
    are fewer than D singular values, the rest is 0.
    """
    n, found = matrix.shape[0], np.zeros((matrix.shape[0], params.dimension))
    rank = min(params.dimension, n - 1)
    if rank < 1 or not matrix.nnz:
        return found
    begin = np.random.default_rng(params.seed).standard_normal(n)
    left, sizes, _ = svds(matrix, rank, v0=begin, return_singular_vectors="u")
    order = np.argsort(-sizes, kind="stable")
    left, sizes = left[:, order], sizes[order]
    sign = np.sign(left[np.abs(left).argmax(axis=0), np.arange(rank)])
    found[:, :rank] = left * sign * np.sqrt(np.maximum(sizes, 0))
    return found
