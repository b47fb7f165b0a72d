"""What SRA-CL looks up of retrieval, as tensors on the device."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from sracl_core.ground.errors import TrainingError
from sracl_core.prefixes import NO_PREFIX, PrefixTable
from sracl_core.ragged import Ragged


@dataclass(frozen=True)
class Semantics:
    """What retrieval found.

    `item_pool` int64 [n_items + 1, k] (row 0, padding, holds itself), `user_pool` int64 [P, k] (prefix rows),
    `embeddings` float32 [P, D], `position` int64 [P]: the flat position of each prefix's last item, and `prefix_at`
    int64 [N]: the prefix that stands for the one ending with flat position n.
    """

    item_pool: Tensor
    user_pool: Tensor
    embeddings: Tensor
    position: Tensor
    prefix_at: Tensor

    def to(self, device: torch.device) -> "Semantics":
        """Return the same tensors on `device`."""
        return Semantics(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def load_semantics(
    train: Ragged, prefixes: PrefixTable, item_pool: np.ndarray, user_pool: np.ndarray, embeddings: np.ndarray
) -> Semantics:
    """Return the look-up tensors, on the CPU.

    `item_pool` [n_items, k] (row i is item i + 1), `user_pool` [P, k], `embeddings` [P, D]. Raises TrainingError when
    the pools, embeddings and prefixes don't speak of the same rows, or prefixes and sequences don't fit.
    """
    n_prefixes = len(prefixes.users)
    if not len(user_pool) == len(embeddings) == n_prefixes:
        raise TrainingError(
            f"The user pool has {len(user_pool)} rows and the user embeddings {len(embeddings)}, but there are "
            f"{n_prefixes} prefixes. Run `dvc repro` to bring the artifacts in line."
        )
    users = np.repeat(np.arange(len(train)), train.lengths)  # [N]
    ends = np.arange(len(train.values)) - train.offsets[users] + 1  # [N]
    prefix_at = prefixes.rows_of(users, ends)
    bare = users[(prefix_at == NO_PREFIX) & (ends < train.lengths[users])]
    too_far = np.flatnonzero(prefixes.ends >= train.lengths[prefixes.users])
    if len(bare) or len(too_far):
        what = f"user {bare[0]} has no prefix" if len(bare) else f"prefix {too_far[0]} has no target"
        raise TrainingError(
            f"In the prefixes {what}, though every training position with a next item needs one that stands for it, "
            "and every prefix a next item. Run `dvc repro profile_users` to make the prefixes again."
        )
    padded_pool = np.zeros((len(item_pool) + 1, item_pool.shape[1]), dtype=np.int64)
    padded_pool[1:] = item_pool
    return Semantics(
        item_pool=torch.from_numpy(padded_pool),
        user_pool=torch.from_numpy(user_pool.astype(np.int64)),
        # torch's own memory: Arrow lends read-only memory, and where numpy's begins within a cache line depends on what
        # was allocated before, with which the order of sums in a matrix product may change.
        embeddings=torch.from_numpy(np.array(embeddings, dtype=np.float32)).clone(),
        position=torch.from_numpy(train.offsets[prefixes.users] + prefixes.ends - 1),
        prefix_at=torch.from_numpy(prefix_at),
    )
