"""The body of a chat completion, read: what the model said, how it ended, and what it took."""

import json
from collections.abc import Callable
from typing import Any

from sracl_core.profile.chat.engine import Reply

# Where servers put what a model thought: DeepSeek and vLLM; OpenRouter and newer vLLM; Ollama's own.
REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")
TEXT_PARTS = frozenset({"text", "output_text", None})


class NoCompletionError(Exception):
    """A body that is no chat completion: a proxy's page, cut, or an error in JSON, which `is_error` tells.

    `status` is the one that such an error names, 0 where it names none.
    """

    def __init__(self, is_error: bool, status: int) -> None:
        super().__init__()
        self.is_error, self.status = is_error, status


def read_completion(key: int, body: bytes, shown: Callable[[object], str], clean: Callable[[str], str]) -> Reply:
    """Return the reply to the call `key` in `body`; raises NoCompletionError when there is none.

    `clean` takes the key of the server out of a text, `shown` makes one short line of what a server said.
    """
    answer: Any = None
    try:
        answer = json.loads(body)
        choice, usage = answer["choices"][0], answer.get("usage")
        message, reason = choice["message"], choice.get("finish_reason")
        text, thought = _text(message.get("content")), any(message.get(name) for name in REASONING_FIELDS)
        refusal = message.get("refusal")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        error = answer.get("error") if isinstance(answer, dict) else None
        raise NoCompletionError(bool(error), _count(error, "code") or 0) from None
    if refusal:
        text, reason = str(refusal), "refusal"  # OpenAI's models refuse in a field of their own, and end with "stop"
    details = usage.get("prompt_tokens_details") if isinstance(usage, dict) else None
    cached = _count(details, "cached_tokens")
    return Reply(
        key,
        clean(text),
        None if reason is None else shown(reason),
        _count(usage, "prompt_tokens"),
        _count(usage, "prompt_cache_hit_tokens") if cached is None else cached,  # DeepSeek's own name
        _count(usage, "completion_tokens"),
        thought,
    )


def _text(content: Any) -> str:
    """The text of a message, which may come in parts; parts that hold reasoning are left out."""
    if isinstance(content, list):
        parts = [{"text": part} if isinstance(part, str) else part for part in content]
        told = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") in TEXT_PARTS]
        return "".join(part for part in told if isinstance(part, str))
    return str(content or "")


def _count(counts: object, name: str) -> int | None:
    found = counts.get(name) if isinstance(counts, dict) else None
    return found if type(found) is int and 0 <= found < 2**31 else None
