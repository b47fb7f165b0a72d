"""How each user's history is cut into training, validation and test."""

# ruff: noqa: S608 - statements are put together from code.

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.session import Session
from sracl_core.ingest.staging.timestamps import Clock
from sracl_core.params.split import SplitParams
from sracl_core.ragged import Ragged

# A shorter history trains only: with a target for validation and one for test, nothing would be left.
SHORTEST_EVALUATED = 3


class Split(Protocol):
    """Cuts histories in time order."""

    def ends(self, timestamps: Ragged) -> tuple[np.ndarray, np.ndarray]:
        """Return for each user how many interactions come before validation, and how many before test.

        `timestamps`: one row a user, ascending. Both results are int64 [users].
        """
        ...


@dataclass(frozen=True)
class LeaveOneOut:
    """The last interaction is the test, the last but one validation; users with fewer than three train only."""

    def ends(self, timestamps: Ragged) -> tuple[np.ndarray, np.ndarray]:
        """See Split."""
        lengths = timestamps.lengths
        evaluated = lengths >= SHORTEST_EVALUATED
        return lengths - 2 * evaluated, lengths - evaluated


@dataclass(frozen=True)
class Timeline:
    """Two moments for everybody: training before `valid_from`, test from `test_from` on (seconds since 1970)."""

    valid_from: int
    test_from: int

    def ends(self, timestamps: Ragged) -> tuple[np.ndarray, np.ndarray]:
        """See Split."""
        return _below(timestamps, self.valid_from), _below(timestamps, self.test_from)


def make_split(session: Session, split: SplitParams, interactions: int, clock: Clock) -> Split:
    """Return the split that the parameters name, with dates taken from the `interactions` that stayed.

    The timeline cuts where `test_share` of all interactions (and `valid_share` before them) come later; interactions of
    the same second stay on one side, the later one. Raises DataError when that leaves nothing to train on.
    """
    if split.method == "leave_one_out":
        return LeaveOneOut()
    test_place = interactions - max(1, round(split.test_share * interactions))
    valid_place = max(0, test_place - max(1, round(split.valid_share * interactions)))
    ordered = "SELECT moment FROM kept SEMI JOIN users USING (user_number) SEMI JOIN items_kept USING (item_number)"
    earliest = session.row(f"SELECT min({clock.seconds('moment')}) FROM ({ordered})")[0]
    # int64 seconds; sorting spills to disk where quantile() would hold every value
    valid_from, test_from = (
        session.row(f"SELECT {clock.seconds('moment')} FROM ({ordered}) ORDER BY moment LIMIT 1 OFFSET {place}")[0]
        for place in (valid_place, test_place)
    )
    if valid_from <= earliest:
        raise DataError(
            f"split.method timeline leaves nothing to train on: {interactions} interactions stayed, and those of the "
            "first second reach into the validation window. Lower split.valid_share and split.test_share, check "
            "data.sources.table.columns.timestamp, or set split.method to leave_one_out."
        )
    return Timeline(valid_from, test_from)


def _below(timestamps: Ragged, moment: int) -> np.ndarray:
    """How many values of each row are below `moment`, int64 [rows]."""
    counts = np.concatenate([[0], np.cumsum(timestamps.values < moment, dtype=np.int64)])  # [N + 1]
    return counts[timestamps.offsets[1:]] - counts[timestamps.offsets[:-1]]
