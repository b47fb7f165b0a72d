"""The body of a refusal, read: the server's words, and the fields of the request that they are about.

Servers say it in many shapes: OpenAI's `{"error": {"message", "param", "code"}}`, a list of those (Gemini), a text
(LM Studio), FastAPI's `{"detail": [{"loc", "msg"}]}`, one of these inside another's message, or no JSON at all. What
they repeat of the request, under `input` for example, is left out: it is the prompt, and says nothing of the refusal.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

REFUSAL = "refused: "  # how the finish reason of a prompt begins that a server refused; the server's words follow
LONGEST = 1_000_000  # bytes of a body that are read: it may repeat the whole request
MOST_WORDS = 4_000  # characters of them
DEEPEST = 8
# Where the words are, in the order in which they are told.
WORDS = ("message", "msg", "error", "errors", "detail", "details", "description", "fieldViolations", "metadata", "raw")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a server said with a status that is no success.

    `fields` are the places in the request that it names apart from its words, such as "messages.0.role"; `codes` its
    names for what is wrong.
    """

    status: int
    words: str
    fields: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


def read_refusal(status: int, body: bytes) -> Refusal:
    """Return what the `body` of an answer with `status` says."""
    text = body[:LONGEST].decode(errors="replace")
    said, fields, codes = dict[str, None](), dict[str, None](), dict[str, None]()
    for kind, found in _walk(_parsed(text), 0):
        {"word": said, "field": fields, "code": codes}[kind][found] = None
    words = plain_words("; ".join(said) or text)
    return Refusal(status, words[:MOST_WORDS], tuple(fields), tuple(codes))


def plain_words(text: str) -> str:
    """Return `text`, or what a person would read of it where it is a page in HTML."""
    if not re.match(r"\s*<(!doctype|\?xml|html|head|body|center|h\d|p|title)\b", text, re.IGNORECASE):
        return text.strip()
    shown = re.sub(r"<(script|style)\b.*?(</\1>|$)|<!--.*?(-->|$)", " ", text, flags=re.DOTALL | re.IGNORECASE)
    return " ".join(re.sub(r"<[^>]*>", " ", shown).split())


def _walk(node: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the words, fields and codes in `node`, each with its kind."""
    if depth > DEEPEST:
        return
    if isinstance(node, str):
        inner = _parsed(node)
        if inner is not node:
            yield from _walk(inner, depth + 1)
        elif node.strip():
            yield "word", node.strip()
    elif isinstance(node, list | tuple):
        for one in node:
            yield from _walk(one, depth + 1)
    elif isinstance(node, dict):
        for name in ("code", "type", "status", "reason"):
            if isinstance(node.get(name), str):
                yield "code", node[name]
        where = _place(node.get("loc") or node.get("param"))
        if where:
            yield "field", where
        if "loc" in node and isinstance(node.get("msg"), str):
            yield "word", f"{where}: {node['msg']}".removeprefix(": ")
            return
        for name in WORDS:
            yield from _walk(node.get(name), depth + 1)


def _place(where: object) -> str:
    """A place in the request as names joined by dots."""
    parts = where if isinstance(where, list | tuple) else [where or ""]
    return ".".join(str(part) for part in parts if part != "body")


def _parsed(text: str) -> Any:
    """What `text` is in JSON or in Python's notation (vLLM's lists of mistakes); the text itself if it is neither."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, dict | list):
            return found
    return text
