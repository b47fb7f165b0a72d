"""Generated inputs of training, of any size: what speed depends on is real, the content is random."""

import numpy as np
import pyarrow as pa

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.ragged import Ragged
from sracl_core.schemas.ingest import SEQUENCES
from sracl_core.schemas.prefixes import PREFIXES

DIMENSION = 384  # of MiniLM's vectors
SEED = 7


def generated_inputs(lengths: np.ndarray, items: int, k: int) -> TrainingInputs:
    """Return inputs with `lengths` int64 [U] training interactions a user, `items` items and pools of `k`.

    Items are drawn with a long tail, pools and embeddings uniformly. Every user has a validation and a test item too.
    """
    random = np.random.default_rng(SEED)
    users, offsets = len(lengths), np.concatenate([[0], np.cumsum(lengths)])
    drawn = (items * random.random(offsets[-1]) ** 2).astype(np.int32) + 1
    held_out = [Ragged(random.integers(1, items + 1, users, dtype=np.int32), np.arange(users + 1)) for _ in range(2)]
    parts = [part.to_column() for part in (Ragged(drawn, offsets), *held_out)]
    sequences = pa.table([pa.array(np.arange(users, dtype=np.int32)), *parts], schema=SEQUENCES)
    owner = np.repeat(np.arange(users), lengths - 1)
    count = len(owner)
    ends = np.arange(count) - np.repeat(offsets[:-1] - np.arange(users), lengths - 1) + 1
    columns = {"prefix": np.arange(count), "user": owner, "start": np.zeros(count, np.int64), "end": ends}
    prefixes = pa.table([pa.array(columns[field.name], field.type) for field in PREFIXES], schema=PREFIXES)
    return TrainingInputs(
        sequences=sequences,
        n_items=items,
        prefixes=prefixes,
        item_pool=random.integers(1, items + 1, size=(items, k)),
        user_pool=random.integers(count, size=(count, k)),
        embeddings=random.standard_normal((count, DIMENSION), dtype=np.float32),
    )


def beauty_sized(k: int = 10) -> TrainingInputs:
    """Return inputs of the size of Amazon Beauty (5-core): 22,363 users, 12,101 items, 198,502 interactions."""
    users, interactions = 22_363, 198_502
    random = np.random.default_rng(SEED)
    # Two of a user's interactions are held out, three at least remain; the rest is spread with a long tail.
    more = random.geometric(1 / (interactions / users - 4), users) - 1
    lengths = 3 + more
    surplus = int(lengths.sum()) - (interactions - 2 * users)
    step = -1 if surplus > 0 else 1
    for user in random.permutation(np.flatnonzero(more > 0))[: abs(surplus)]:
        lengths[user] += step
    return generated_inputs(lengths, 12_101, k)
