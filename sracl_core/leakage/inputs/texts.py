"""What the profiles say: that it was written from the prompt, as far as it can be written again."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sracl_core.leakage.inputs.prompts import Rebuilt, text_digest
from sracl_core.leakage.shared.certificate import Check
from sracl_core.ragged import Ragged

SHORTEST_TITLE = 12  # characters; shorter titles stand in many a text by chance


def written_by(profiles: pa.Table, engine: str) -> np.ndarray:
    """Return which profiles (schema PROFILES) the `engine` wrote, bool [P]."""
    return pc.equal(profiles["engine"], engine).to_numpy()


def check_texts(kind: str, profiles: pa.Table, rebuilt: Rebuilt, *, no_other: bool, named_later: int = 0) -> Check:
    """Prove that each text of the engine of `rebuilt` is the one that its prompt gives (schema PROFILES).

    The keys must be proven already. With `no_other` every profile must be of that engine, since `profile.engine` names
    it. What a model wrote, or a person brought, cannot be written again: the check
    says how many such texts there are, and that `named_later` of them name an item that the user took later (see
    `count_named_later`).
    """
    order = np.argsort(profiles["key"].to_numpy())
    keys, own = profiles["key"].to_numpy()[order], written_by(profiles, rebuilt.engine)[order]
    count, others = int(own.sum()), int((~own).sum())
    what = f"each {kind} text of the engine {rebuilt.engine} is the one its prompt gives."
    if no_other:
        what = f"each {kind} text is of the engine {rebuilt.engine}, as profile.engine says, and what its prompt gives."
    check = Check(f"{kind} texts", count, what, made_by=f"profile_{kind}s")
    check.require_none(
        ~own & no_other,
        f"profiles are of another engine, though profile.engine is {rebuilt.engine}",
        lambda row: f"key {keys[row]}: engine {profiles['engine'][int(order[row])].as_py()!r}",
    )
    told = np.array([text_digest(text) for text in profiles["text"].to_pylist()], dtype=object)[order]
    check.require_none(
        own & (told != rebuilt.texts),
        "texts are not the ones their prompts give",
        lambda row: f"key {keys[row]}: {profiles['text'][int(order[row])].as_py()[:80]!r}",
    )
    if others:
        whom = " and ".join(repr(name) for name in sorted(set(profiles["engine"].to_pylist()) - {rebuilt.engine}))
        what = f"not proven for {others} {kind} texts by {whom}: they cannot be written again here"
        what += f"; {named_later} of them name the title of an item that the user took later" * (kind == "user")
        what += f". The {count} of the engine {rebuilt.engine} are the ones their prompts give." if count else "."
        return replace(check, what=what)
    return check


def count_named_later(
    profiles: pa.Table, proven: np.ndarray, prefixes: pa.Table, sequences: pa.Table, titles: list[str | None]
) -> int:
    """Return how many of the texts that are not `proven` name the title of an item that its user took later.

    Later: in validation or test. Tables in the schemas PROFILES, PREFIXES and SEQUENCES; `proven`, bool [P], are those
    that are written again; `titles` are those of items 1, 2, 3, … Titles below
    SHORTEST_TITLE characters, and titles that the user's own training part has too, are not looked for.
    """
    parts = [Ragged.from_column(sequences[name]) for name in ("train", "valid", "test")]
    users = prefixes["user"].to_numpy()
    lower = [(title or "").casefold() for title in titles]
    named = 0
    for row in np.flatnonzero(~proven).tolist():
        user = int(users[profiles["key"][row].as_py()])
        known = {lower[item - 1] for item in parts[0][user].tolist()}
        later = {lower[item - 1] for part in parts[1:] for item in part[user].tolist()} - known
        text = profiles["text"][row].as_py().casefold()
        named += any(len(title) >= SHORTEST_TITLE and title in text for title in later)
    return named
