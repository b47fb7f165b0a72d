"""What training reads, in memory."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class TrainingInputs:
    """The data of a training.

    `sequences` in the SEQUENCES schema, `n_items` items in the catalogue, `prefixes` in the PREFIXES schema,
    `item_pool` int64 [n_items, k], `user_pool` int64 [P, k] and `embeddings` float32 [P, D] of the P prefixes; k or D
    may be 0 where the objective does not use it. `text_vectors` float32 [n_items, D] of the items may be None where the
    backbone does not use them.
    """

    sequences: pa.Table
    n_items: int
    prefixes: pa.Table
    item_pool: np.ndarray
    user_pool: np.ndarray
    embeddings: np.ndarray
    text_vectors: np.ndarray | None = None
