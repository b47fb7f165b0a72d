"""Why candidate pools cannot be filled, and which parameters help."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Shortage:
    """A key has fewer than `k` others that may be in its pool.

    `what` names the keys to people (items, training prefixes), and `count` is how many there are. The key with the
    fewest others leaves out `left_out` of them: itself and, where those of the same user are excluded, all of its user.
    """

    what: str
    k: int
    count: int
    left_out: int

    @property
    def others(self) -> int:
        """How many others the key with the fewest may have: the largest `k` that fills every pool."""
        return self.count - self.left_out

    @property
    def cause(self) -> str:
        """What is missing, with its numbers, in one sentence."""
        why = f"the {self.what} number {self.count}, which leaves"
        if self.left_out > 1:
            why = f"{self.left_out} of the {self.count} {self.what} are of one user, and mine.exclude_same_user leaves"
        return f"mine.k is {self.k}, but {why} each of them {self.others} others to choose from."

    @property
    def remedies(self) -> list[str]:
        """What would fill the pools, each a phrase like `set mine.k to 3 or less`."""
        with_own = self.count - 1
        found = [f"set mine.k to {self.others} or less"] if self.others else []
        if self.left_out > 1:
            too_many = f" and mine.k to {with_own} or less" if with_own < self.k else ""
            found.append(f"set mine.exclude_same_user to false{too_many}")
        return [*found, "bring more data"]


def find_shortage(what: str, k: int, count: int, users: np.ndarray | None = None) -> Shortage | None:
    """Return why `count` keys cannot all have a pool of `k`, or None when they can.

    `users` int64 [count] is given where no key of the same user may be in a pool; else only the key itself may not.
    `what` names the keys to people, in the plural.
    """
    left_out = 1 if users is None or not len(users) else int(np.unique(users, return_counts=True)[1].max())
    return Shortage(what, k, count, left_out) if count - left_out < k else None


def advice(remedies: Sequence[str]) -> str:
    """Return `remedies` as one sentence: any one of them helps."""
    said = ", or ".join(remedies)
    return f"{said[0].upper()}{said[1:]}."
