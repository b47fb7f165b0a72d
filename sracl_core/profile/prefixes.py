"""Which prefixes of a training sequence get a profile."""

import numpy as np
import pyarrow as pa

from sracl_core.ground.errors import DataError
from sracl_core.params.profile import UserProfileParams
from sracl_core.prefixes import NOTHING_TO_LEARN
from sracl_core.ragged import Ragged
from sracl_core.schemas.prefixes import PREFIXES


def build_prefixes(sequences: Ragged, params: UserProfileParams) -> pa.Table:
    """Return the prefixes to profile, in the schema PREFIXES, ordered by (user, end).

    `sequences` holds the training part of user u in row u. With `params.per` "prefix" a user of n items gets the ends
    1 … n−1, so that each prefix has a training target, `train[end]`; with "user" only the end n−1; with "stride" the
    ends 1, 2, 4, 8, … and n−1. Positions in between are spoken for by the last profile before them.

    A prefix shows its last `params.window` items at most. The first item shown moves on by `params.hop` items at a
    time: with a hop above 1, the prompts of a long history share their beginning instead of sliding at every item.
    Raises DataError when no user has two training items: nothing could be learned.
    """
    counts = np.maximum(sequences.lengths - 1, 0)  # [users]
    if not counts.any():
        raise DataError(NOTHING_TO_LEARN)
    user = np.repeat(np.arange(len(counts)), counts)
    firsts = np.repeat(np.cumsum(counts) - counts, counts)
    end = np.arange(len(user)) - firsts + 1
    last = end == counts[user]
    if params.per == "user":
        user, end = user[last], end[last]
    elif params.per == "stride":
        kept = last | (end & (end - 1) == 0)  # powers of two have one bit
        user, end = user[kept], end[kept]
    hidden = -(-np.maximum(end - params.window, 0) // params.hop) * params.hop
    columns = [np.arange(len(user)), user, hidden, end]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, PREFIXES, strict=True)], schema=PREFIXES
    )
