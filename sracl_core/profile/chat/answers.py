"""What a model answered: the text of a profile, or what is broken about it."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

# Shorter sentences of the instructions could stand in an honest answer.
ECHO_CHARACTERS = 40
# A server's own words may be long.
REASON_CHARACTERS = 80
# How servers say that an answer is whole, and that it was cut; as `ending` gives them.
FINISHED = frozenset(
    {
        "", "stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed", "finished", "done", "end",
        "endoftext", "im_end", "eot_id",
    }
)  # fmt: skip
CUT = frozenset(
    {"length", "max_tokens", "max_length", "max_output_tokens", "model_length", "model_context_window_exceeded"}
)
# Marks between which models reason, opening and closing: Qwen, DeepSeek and others; Seed-OSS; Magistral; gpt-oss.
REASONING = re.compile(
    r"(?P<opens><(?:seed:)?(?:think|thinking|thought|reasoning)>|\[THINK\]|<\|channel\|>(?:analysis|commentary)\b)"
    r"|(?P<closes></(?:seed:)?(?:think|thinking|thought|reasoning)>|\[/THINK\]|<\|channel\|>final\b[^{\n]{0,40}<\|message\|>)",
    re.IGNORECASE,
)
CUT_SHORT = "cut at the token limit"
ONLY_SPACE = "only white space up to the token limit"
FAR_LONGER = "far longer than asked for"
FILLING = 64  # signs of white space at the end of an answer that was cut: the model wrote nothing else any more
LONGER = 10  # times the characters that the schema allows, above which a field is no answer
ONLY_REASONING = (
    "only reasoning and no answer (set profile.llm.max_tokens higher, or switch the reasoning off in "
    "profile.llm.request.extra)"
)
MOST_OBJECTS = 64  # looked at in one answer


class _Doubled(dict[str, Any]):
    """A JSON object in which a name has two different values."""


class BrokenAnswerError(Exception):
    """An answer that is no profile; the message is the reason, in a few words."""


def ending(finish_reason: str | None) -> str:
    """Return a server's word for how an answer ended in a plain form: "FinishReason.STOP" is "stop"."""
    word = (finish_reason or "").strip().lower()
    return re.sub(r"^\w+\.(?=\w+$)", "", word).strip("<|>")


def read_answer(
    text: str,
    finish_reason: str | None,
    fields: Mapping[str, Any] | Iterable[str],
    instructions: str,
    *,
    reasoned: bool = False,
) -> str:
    """Return the text of the profile in `text`, one JSON object with exactly `fields`, joined in their order.

    Where `fields` has their JSON schemas, a field that is far longer than its `maxLength` is broken.

    The object may stand in a Markdown fence, beside a sentence, and after the model's reasoning, which is never read as
    an answer; `reasoned` tells that there was some outside `text`. White space becomes single and unprintable
    characters go: what a model writes is data. Raises BrokenAnswerError when the answer was cut or not finished, holds
    no such object or different ones, has an empty field or a far too long one, or repeats the `instructions`.
    """
    ended = ending(finish_reason)
    if ended in CUT:
        filled = len(text) - len(text.rstrip())
        raise BrokenAnswerError(ONLY_SPACE if filled >= FILLING or (filled and text.isspace()) else CUT_SHORT)
    if ended not in FINISHED:
        # Numbers differ from prompt to prompt where the reason is the same, unless they are the reason.
        said = str(finish_reason) if ended.isdigit() else re.sub(r"\d+", "#", str(finish_reason))
        raise BrokenAnswerError(f"ended by {said[:REASON_CHARACTERS]!r}")
    wanted = list(fields)
    found = _find(text, set(wanted), reasoned)
    limits = [schema.get("maxLength", math.inf) for schema in fields.values()] if isinstance(fields, Mapping) else []
    parts = [_plain(found[name]) for name in wanted]
    if any(len(part) > LONGER * limit for part, limit in zip(parts, limits, strict=False)):
        raise BrokenAnswerError(FAR_LONGER)
    whole = " ".join(parts)
    if any(sentence in whole for sentence in _sentences(instructions)):
        raise BrokenAnswerError("repeats the instructions")
    return whole


def _find(text: str, wanted: set[str], reasoned: bool) -> dict[str, Any]:
    """The object in `text` that has the fields `wanted`; an answer that is JSON as a whole is taken as it is."""
    try:
        objects, other = [_decode(text)], True
    except (ValueError, RecursionError):
        told = _without_reasoning(text)
        if not told.strip():
            only_reasoning = reasoned or bool(text.strip())
            raise BrokenAnswerError(ONLY_REASONING if only_reasoning else "empty") from None
        objects, other = _objects(told), False
    fitting = [found for found in objects if isinstance(found, dict) and set(found) == wanted]
    if not fitting:
        raise BrokenAnswerError("other fields than asked for" if objects or other else "not JSON")
    if any(isinstance(found, _Doubled) for found in fitting):
        raise BrokenAnswerError("a field twice, with different values")
    if any(found != fitting[0] for found in fitting):
        # A draft beside its better version, or answers to prompts that the model made up: nobody can tell which counts.
        raise BrokenAnswerError("several different answers")
    return fitting[0]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if all(found[name] is value or found[name] == value for name, value in pairs) else _Doubled(found)


def _decode(text: str) -> Any:
    # Not strict: a decoder that follows the schema may still put a raw tab or line end into a string.
    return json.loads(text, strict=False, object_pairs_hook=_object)


def _objects(text: str) -> list[Any]:
    """The JSON objects in `text`, those within others left out; an object that begins and does not end is an error."""
    decoder = json.JSONDecoder(strict=False, object_pairs_hook=_object)
    found: list[Any] = []
    place = 0
    for _ in range(MOST_OBJECTS):
        start = re.compile(r'\{\s*["}]').search(text, place)  # other braces are part of a sentence
        if start is None:
            return found
        try:
            value, place = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            break
        found.append(value)
    raise BrokenAnswerError("not JSON")


def _without_reasoning(text: str) -> str:
    """`text` without what stands between two marks of reasoning, before one that only closes, after one that opens."""
    kept: list[str] = []
    place, reasoning = 0, False
    for mark in REASONING.finditer(text):
        if mark["closes"]:
            if not reasoning:  # the opening mark was part of the prompt
                kept.clear()
            reasoning = False
        elif not reasoning:
            kept.append(text[place : mark.start()])
            reasoning = True
        place = mark.end()
    if not reasoning:
        kept.append(text[place:])
    return "\n".join(kept)


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
