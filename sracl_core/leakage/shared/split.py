"""The boundary itself: training, validation and test, derived again from the interactions."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from sracl_core.leakage.shared.certificate import Check, Names
from sracl_core.ragged import Ragged

Method = Literal["leave_one_out", "timeline"]
PARTS = ("train", "valid", "test")
WHAT = {
    "leave_one_out": "each user's last interaction is the test item, the one before it the validation item, and all "
    "earlier ones, in order, are the training part (users with fewer than three interactions only train).",
    "timeline": "each user's parts are the interactions in order; every training interaction of anyone is earlier "
    "than the first validation and the first test interaction of anyone, and all validation earlier than all test.",
}


@dataclass(frozen=True)
class Interactions:
    """The interactions of all users, int64 [N] each, by user and time."""

    user: np.ndarray
    item: np.ndarray
    timestamp: np.ndarray
    position: np.ndarray

    @classmethod
    def from_table(cls, table: pa.Table) -> "Interactions":
        """Take the rows of the interactions artifact."""
        return cls(*(table[name].to_numpy().astype(np.int64) for name in ("user", "item", "timestamp", "position")))

    def describe(self, row: int, names: Names) -> str:
        """One interaction in words."""
        return (
            f"{names.user(int(self.user[row]))}, {names.item(int(self.item[row]))}, "
            f"position {self.position[row]}, timestamp {self.timestamp[row]}"
        )


def check_split(interactions: pa.Table, sequences: pa.Table, method: Method, names: Names) -> Check:
    """Prove that the parts in `sequences` are what `method` makes of `interactions`.

    Tables in the schemas INTERACTIONS and SEQUENCES. Raises LeakageError with the first offending users.
    """
    found = Interactions.from_table(interactions)
    check = Check("split", len(found.user), WHAT[method], made_by="ingest")
    users = sequences["user"].to_numpy()
    check.require_none(
        users != np.arange(len(users)), "the users are not numbered 0, 1, 2, …", lambda row: f"row {row}: {users[row]}"
    )
    _check_order(check, found, len(users), names)
    counts = np.bincount(found.user, minlength=len(users))  # [U]
    train, valid, test = (Ragged.from_column(sequences[part]) for part in PARTS)
    joined = train.join(valid).join(test)
    check.require_none(
        joined.lengths != counts,
        "users whose parts together are not all of their interactions",
        lambda user: f"{names.user(user)}: {joined.lengths[user]} items in the parts, {counts[user]} interactions",
    )
    check.require_none(
        joined.values != found.item,
        "the parts hold other items, or another order, than the interactions",
        lambda row: f"{found.describe(row, names)}: the sequence has {names.item(int(joined.values[row]))} there",
    )
    lengths = np.stack([train.lengths, valid.lengths, test.lengths], axis=1)  # [U, 3]
    if method == "leave_one_out":
        _check_last_items(check, lengths, counts, names)
    else:
        _check_windows(check, found, lengths, names)
    return check


WHAT_COUNTS = "users.n_train is the length of the user's training part, and each user has an id of its own."


def check_user_counts(users: pa.Table, sequences: pa.Table, names: Names) -> Check:
    """Prove that `users.n_train` counts the training part of each user (schemas USERS and SEQUENCES)."""
    told, n_train = users["n_train"].to_numpy(), Ragged.from_column(sequences["train"]).lengths
    check = Check("user counts", len(told), WHAT_COUNTS, "ingest")
    if len(told) != len(n_train):
        check.refuse("another number of users", [f"{len(told)} in users, {len(n_train)} in sequences"], 1)
    check.require_distinct(users["user_id"], "users")
    check.require_none(
        (told != n_train) | (users["user"].to_numpy() != np.arange(len(told))),
        "wrong counts",
        lambda user: f"{names.user(user)}: n_train {told[user]}, training part {n_train[user]}",
    )
    return check


def _check_order(check: Check, found: Interactions, n_users: int, names: Names) -> None:
    def tell(row: int) -> str:
        return found.describe(row, names)

    outside = (found.user < 0) | (found.user >= n_users)
    check.require_none(outside, "interactions of users that the sequences don't know", tell)
    same_user = found.user[1:] == found.user[:-1]
    earlier = (found.user[1:] < found.user[:-1]) | (same_user & (found.timestamp[1:] < found.timestamp[:-1]))
    check.require_none(np.append(False, earlier), "interactions out of the order of user and time", tell)
    first = np.flatnonzero(np.append(True, ~same_user)[: len(found.user)])
    place = np.arange(len(found.user)) - np.repeat(first, np.diff(np.append(first, len(found.user))))
    check.require_none(found.position != place, "positions that don't count 0, 1, 2, … within the user", tell)


def _check_last_items(check: Check, lengths: np.ndarray, counts: np.ndarray, names: Names) -> None:
    held = (counts >= 3).astype(np.int64)
    expected = np.stack([counts - 2 * held, held, held], axis=1)  # [U, 3]
    check.require_none(
        (lengths != expected).any(axis=1),
        "users whose parts are cut at another place",
        lambda user: f"{names.user(user)}: {_three(lengths[user])} items, expected {_three(expected[user])}",
    )


def _three(lengths: np.ndarray) -> str:
    return ", ".join(f"{part} {length}" for part, length in zip(PARTS, lengths.tolist(), strict=True))


def _check_windows(check: Check, found: Interactions, lengths: np.ndarray, names: Names) -> None:
    part = np.repeat(np.tile(np.arange(len(PARTS)), len(lengths)), lengths.ravel())  # [N]
    for index, name in enumerate(PARTS[:-1]):
        held_out = found.timestamp[part > index]
        if not len(held_out):
            continue
        check.require_none(
            (part == index) & (found.timestamp >= held_out.min()),
            f"{name} interactions that are not earlier than the first of a later part, at {held_out.min()}",
            lambda row: found.describe(row, names),
        )
