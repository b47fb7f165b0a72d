"""What an engine was told: contexts, prefixes, and the prompts built from them."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from sracl_core.leakage.certificate import SHOWN, Check, Names
from sracl_core.profile.requests import ProfileRequest
from sracl_core.progress import track
from sracl_core.ragged import Ragged


def check_contexts(contexts: pa.Table, train: Ragged, names: Names) -> Check:
    """Prove that every context lies in a training part and ends in its item (schema CONTEXTS).

    `train` holds the training part of user u in row u.
    """
    item, user, start, end = (contexts[name].to_numpy().astype(np.int64) for name in ("item", "user", "start", "end"))
    what = "each item context is a stretch of one user's training part and ends in the item."
    check = Check("item contexts", len(item), what, made_by="profile_items")
    length = _lengths_of(user, train)

    def tell(row: int) -> str:
        place = f"start {start[row]}, end {end[row]}, training part of {max(length[row], 0)} items"
        return f"{names.item(int(item[row]))}: {names.user(int(user[row]))}, {place}"

    check.require_none((start < 0) | (start >= end) | (end > length), "contexts reach outside the training part", tell)
    last = train.values[train.offsets[user] + end - 1]
    check.require_none(last != item, "contexts end in another item than their own", tell)
    return check


def check_prefixes(prefixes: pa.Table, train: Ragged, names: Names) -> Check:
    """Prove that every prefix and the target after it lie in a training part (schema PREFIXES).

    `train` holds the training part of user u in row u.
    """
    prefix, user, start, end = (prefixes[name].to_numpy() for name in ("prefix", "user", "start", "end"))
    what = "each prefix and the target that follows it lie in one user's training part."
    check = Check("prefixes", len(prefix), what, made_by="profile_users")
    length = _lengths_of(user, train)

    def tell(row: int) -> str:
        place = f"start {start[row]}, end {end[row]}, training part of {max(length[row], 0)} items"
        return f"prefix {prefix[row]}: {names.user(int(user[row]))}, {place}"

    check.require_none(prefix != np.arange(len(prefix)), "the prefixes are not numbered 0, 1, 2, …", tell)
    wrong = (start < 0) | (start >= end) | (end >= length)
    check.require_none(wrong, "prefixes or their targets reach outside the training part", tell)
    return check


def check_prompts(kind: str, profiles: pa.Table, requests: Iterable[ProfileRequest]) -> Check:
    """Prove that the profiles answer exactly the prompts of `requests`, by key and SHA-256 (schema PROFILES).

    `kind` is "item" or "user"; `requests` are built from the catalogue and training sequences alone.
    """
    keys, told = profiles["key"].to_numpy(), profiles["request_sha256"].to_numpy()
    what = (
        f"each {kind} profile's prompt is the one that catalogue and training interactions give, and none is missing."
    )
    check = Check(f"{kind} prompts", len(keys), what, made_by=f"profile_{kind}s")
    pairs = [(one.key, one.sha256) for one in track(requests, f"rebuild {kind} prompts", len(keys), "prompts")]
    rebuilt = np.array([key for key, _ in pairs], dtype=np.int64)
    require_same_keys(check, keys, rebuilt)
    expected = np.array([digest for _, digest in pairs], dtype=object)[np.argsort(rebuilt)]
    order = np.argsort(keys)
    check.require_none(
        told[order] != expected,
        "profiles were written from another prompt than the training part gives",
        lambda row: f"key {keys[order][row]}: prompt {str(told[order][row])[:12]}…, rebuilt {expected[row][:12]}…",
    )
    return check


def require_same_keys(check: Check, keys: np.ndarray, expected: np.ndarray) -> None:
    """Refuse unless `keys` are exactly the `expected` ones, each once."""
    unique, count = np.unique(keys, return_counts=True)
    known = np.unique(expected)
    for wrong, problem in (
        (unique[count > 1], "keys that appear more than once"),
        (np.setdiff1d(unique, known), "keys that should not exist"),
        (np.setdiff1d(known, unique), "keys that are missing"),
    ):
        if len(wrong):
            check.refuse(problem, [f"key {key}" for key in wrong[:SHOWN].tolist()], len(wrong))


def _lengths_of(user: np.ndarray, train: Ragged) -> np.ndarray:
    """Training items of each row's user, int64; −1 for a user that does not exist."""
    known = (user >= 0) & (user < len(train))
    return np.append(train.lengths, -1)[np.where(known, user, -1)]
