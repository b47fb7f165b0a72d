"""The training prefixes that have a profile, and the way from a position in a history to its prefix."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sracl_core.ground.errors import ArtifactError

NO_PREFIX = -1
NOTHING_TO_LEARN = (
    "No user has two training interactions, so there is no next item to learn. Bring data with more interactions of "
    "each user. Where data.core_users or data.core_items are above 1, lower ones may keep more of what there is. With "
    "split.method leave_one_out, two interactions of a user are held out where there are three or more, so that three "
    "leave one; with timeline, lower split.valid_share and split.test_share."
)


@dataclass(frozen=True)
class PrefixTable:
    """The P rows of the prefixes artifact.

    Row r tells of `train[starts[r]:ends[r]]` of user `users[r]`; its target is `train[ends[r]]`. The three are
    int64 [P], ordered by (user, end); the rows of user u are `offsets[u]:offsets[u + 1]`, with
    `offsets` int64 [n_users + 1].
    """

    users: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    offsets: np.ndarray

    @classmethod
    def from_table(cls, table: pa.Table, n_users: int) -> "PrefixTable":
        """Take the rows of the prefixes artifact, where there are `n_users` users.

        Raises ArtifactError when a row is out of order, of an unknown user or empty.
        """
        prefix, user, start, end = (
            table[name].to_numpy().astype(np.int64) for name in ("prefix", "user", "start", "end")
        )
        later = (np.diff(user) > 0) | ((np.diff(user) == 0) & (np.diff(end) > 0))
        wrong = (prefix != np.arange(len(prefix))) | (user < 0) | (user >= n_users) | (start < 0) | (start >= end)
        wrong[1:] |= ~later
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise ArtifactError(
                f"row {row} of the prefixes (prefix {prefix[row]}, user {user[row]}, start {start[row]}, "
                f"end {end[row]}) is out of order, empty or of no user among {n_users}. "
                "Run `dvc repro profile_users` to make the prefixes again."
            )
        return cls(user, start, end, np.searchsorted(user, np.arange(n_users + 1)))

    def __len__(self) -> int:
        return len(self.users)

    def rows_of(self, users: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Return the row that speaks for `train[:end]` of each user: int64, the shape of `users`.

        It is the user's prefix with the largest end that is not beyond `ends`, else the user's first prefix, and
        NO_PREFIX for a user without any.
        """
        users = np.asarray(users, dtype=np.int64)
        # One sorted key for (user, end) turns the whole lookup into one binary search.
        width = int(self.ends.max(initial=0)) + 1
        wanted = users * width + np.clip(ends, 0, width - 1)
        rows = np.searchsorted(self.users * width + self.ends, wanted, side="right") - 1
        first, beyond = self.offsets[users], self.offsets[users + 1]
        return np.where(first < beyond, np.maximum(rows, first), NO_PREFIX)
