"""What a model answered: the text of a profile, or what is broken about it."""

import json
import re
from collections.abc import Iterable

# Shorter sentences of the instructions could stand in an honest answer.
ECHO_CHARACTERS = 40
# A server's own words may be long.
REASON_CHARACTERS = 80


class BrokenAnswerError(Exception):
    """An answer that is no profile; the message is the reason, in a few words."""


def read_answer(text: str, finish_reason: str | None, fields: Iterable[str], instructions: str) -> str:
    """Return the text of the profile in `text`, one JSON object with exactly `fields`, joined in their order.

    White space becomes single and unprintable characters go: what a model writes is data. Raises BrokenAnswerError when
    the answer was cut (`finish_reason` is not "stop"), is not such an object, has an empty field, or repeats the
    `instructions`.
    """
    if finish_reason == "length":
        raise BrokenAnswerError("cut at the token limit")
    if finish_reason != "stop":
        # Numbers differ from prompt to prompt where the reason is the same.
        said = re.sub(r"\d+", "#", str(finish_reason))[:REASON_CHARACTERS]
        raise BrokenAnswerError(f"ended by {said!r}")
    if not text.strip():
        raise BrokenAnswerError("empty")
    try:
        # Not strict: a decoder that follows the schema may still put a raw tab or line end into a string.
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        raise BrokenAnswerError("not JSON") from None
    wanted = list(fields)
    if not isinstance(found, dict) or set(found) != set(wanted):
        raise BrokenAnswerError("other fields than asked for")
    parts = [_plain(found[name]) for name in wanted]
    whole = " ".join(parts)
    if any(sentence in whole for sentence in _sentences(instructions)):
        raise BrokenAnswerError("repeats the instructions")
    return whole


def _plain(value: object) -> str:
    if not isinstance(value, str):
        raise BrokenAnswerError("a field is not text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BrokenAnswerError("not Unicode") from None
    printable = "".join(character if character.isprintable() else " " for character in value)
    text = " ".join(printable.split())
    if not text:
        raise BrokenAnswerError("a field is empty")
    return text


def _sentences(instructions: str) -> list[str]:
    lines = (" ".join(line.split()) for line in instructions.replace(". ", ".\n").splitlines())
    return [line for line in lines if len(line) >= ECHO_CHARACTERS]
