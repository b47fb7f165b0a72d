"""A stored answer, and what makes one: the same for journals, for segments and for what is about to be stored."""

import re
from dataclasses import dataclass

ADDRESS = re.compile("[0-9a-f]{64}")  # a SHA-256
MOST_TOKENS = 2**31 - 1  # counts are int32 in the segments and in the profiles


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """One answer in the store; `identity` is the engine's, for whoever looks into the folder."""

    address: str
    identity: str
    text: str
    engine: str
    tokens_in: int | None
    tokens_out: int | None


def fault_of(answer: StoredAnswer) -> str:
    """Return what keeps `answer`, whose values may be anything, from being stored, in a few words; "" where nothing."""
    for name in ("address", "identity", "text", "engine"):
        value = getattr(answer, name)
        if not isinstance(value, str):
            return f"its {name} is no text"
        try:
            value.encode()
        except UnicodeEncodeError:
            return f"its {name} holds half a character (a lone surrogate)"
    if not ADDRESS.fullmatch(answer.address):
        return "its address is no SHA-256"
    if not answer.text.strip():
        return "its text is empty"
    for name in ("tokens_in", "tokens_out"):
        count = getattr(answer, name)
        if count is not None and (type(count) is not int or not 0 <= count <= MOST_TOKENS):
            return f"its {name} is no number from 0 to {MOST_TOKENS}"
    return ""
