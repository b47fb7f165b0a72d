"""What an engine was told: contexts, prefixes, and the prompts built from them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa

from sracl_core.leakage.shared.certificate import SHOWN, Check, Names
from sracl_core.profile.engines.protocol import Engine
from sracl_core.profile.prompting.requests import ProfileRequest
from sracl_core.progress import track
from sracl_core.ragged import Ragged

REQUESTS_AT_ONCE = 4_096


def check_contexts(contexts: pa.Table, train: Ragged, names: Names) -> Check:
    """Prove that every context lies in a training part and ends in its item (schema CONTEXTS).

    `train` holds the training part of user u in row u.
    """
    item, user, start, end = (contexts[name].to_numpy().astype(np.int64) for name in ("item", "user", "start", "end"))
    what = "each item context is a stretch of one user's training part and ends in the item, in the order of the items."
    check = Check("item contexts", len(item), what, made_by="profile_items")
    length = _lengths_of(user, train)

    def tell(row: int) -> str:
        place = f"start {start[row]}, end {end[row]}, training part of {max(length[row], 0)} items"
        return f"{names.item(int(item[row]))}: {names.user(int(user[row]))}, {place}"

    check.require_none((start < 0) | (start >= end) | (end > length), "contexts reach outside the training part", tell)
    last = train.values[train.offsets[user] + end - 1]
    check.require_none(last != item, "contexts end in another item than their own", tell)
    check.require_none(np.append(False, item[1:] < item[:-1]), "contexts out of the order of their items", tell)
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


@dataclass(frozen=True)
class Rebuilt:
    """What a kind of profiles should be, by key: the digest of the prompt, and of the text where it can be rewritten.

    `keys` int64 [P] ascend; `prompts` and `texts` are SHA-256 in hexadecimal, objects [P]; a text is "" where
    another engine than `engine` wrote it, which can write its own again.
    """

    keys: np.ndarray
    prompts: np.ndarray
    texts: np.ndarray
    engine: str


def rebuild(kind: str, requests: Iterable[ProfileRequest], count: int, writer: Engine, profiles: pa.Table) -> Rebuilt:
    """Build the prompts of `requests` (`count` of them) again, and the texts of `profiles` (schema PROFILES).

    `kind` is "item" or "user"; `requests` are built from the catalogue and training sequences alone. `writer` is a
    repeatable engine, and writes again what the profiles say that it wrote.
    """
    written_by = dict(zip(profiles["key"].to_pylist(), profiles["engine"].to_pylist(), strict=True))
    keys: list[int] = []
    prompts: list[str] = []
    texts: dict[int, str] = {}
    told = track(requests, f"rebuild {kind} prompts", count, "prompts")
    while window := list(islice(told, REQUESTS_AT_ONCE)):
        keys += [request.key for request in window]
        prompts += [request.sha256 for request in window]
        own = [request for request in window if written_by.get(request.key) == writer.name]
        texts.update((answer.key, text_digest(answer.text)) for answer in writer.write(own))
    order = np.argsort(np.array(keys, dtype=np.int64))
    again = np.array([texts.get(key, "") for key in keys], dtype=object)
    found = np.array(keys, dtype=np.int64)[order], np.array(prompts, dtype=object)[order], again[order]
    return Rebuilt(*found, writer.name)


def text_digest(text: str) -> str:
    """Return the SHA-256 of a profile's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def check_prompts(kind: str, profiles: pa.Table, rebuilt: Rebuilt) -> Check:
    """Prove that the profiles answer exactly the prompts that were `rebuilt`, by key and SHA-256 (schema PROFILES)."""
    keys, told = profiles["key"].to_numpy(), profiles["request_sha256"].to_numpy()
    what = (
        f"each {kind} profile's prompt is the one that catalogue and training interactions give, in the order of the "
        "keys, and none is missing."
    )
    check = Check(f"{kind} prompts", len(keys), what, made_by=f"profile_{kind}s")
    require_same_keys(check, keys, rebuilt.keys)
    check.require_none(
        keys != rebuilt.keys, "profiles out of the order of their keys", lambda row: f"row {row}: key {keys[row]}"
    )
    expected = rebuilt.prompts
    check.require_none(
        told != expected,
        "profiles were written from another prompt than the training part gives",
        lambda row: f"key {keys[row]}: prompt {str(told[row])[:12]}…, rebuilt {expected[row][:12]}…",
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
