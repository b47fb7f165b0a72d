"""Which prefixes of a training sequence get a profile."""

from typing import Literal

import numpy as np
import pyarrow as pa

from sracl_core.artifacts import PREFIXES
from sracl_core.ragged import Ragged


def build_prefixes(sequences: Ragged, per: Literal["prefix", "user"], window: int) -> pa.Table:
    """Return the prefixes to profile, in the schema PREFIXES, ordered by (user, end).

    `sequences` holds the training part of user u in row u. With `per="prefix"` a user of n items gets the ends
    1 … n−1, so that each prefix has a training target, `train[end]`; with `per="user"` only the end n−1. A prefix
    shows its last `window` items at most.
    """
    counts = np.maximum(sequences.lengths - 1, 0)  # [users]
    if per == "user":
        user = np.flatnonzero(counts)
        end = counts[user]
    else:
        user = np.repeat(np.arange(len(counts)), counts)
        firsts = np.repeat(np.cumsum(counts) - counts, counts)
        end = np.arange(len(user)) - firsts + 1
    columns = [np.arange(len(user)), user, np.maximum(end - window, 0), end]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, PREFIXES, strict=True)], schema=PREFIXES
    )
