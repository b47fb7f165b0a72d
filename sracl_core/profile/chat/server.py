"""A server with OpenAI's interface: one prompt sent to it, and what came back made sense of.

The key comes from the environment alone, and nothing that leaves this module holds it: what a server says is cleared of
it before anyone reads it.
"""

import asyncio
import json
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sracl_core.errors import ModelError, ParamsError
from sracl_core.params.profile import LlmParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.chat.engine import Call, Reply
from sracl_core.profile.chat.patience import PassingError, retry_after

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

KEY = "OPENAI_API_KEY"
SECRET_CHARACTERS = 8  # a shorter key is a stand-in such as EMPTY
SAID_CHARACTERS = 200
# 409 and 425 are for conflicts and haste; a status from 500 on passes too.
PASSING = frozenset({408, 409, 425, 429})
OVERLOADED = frozenset({429, 503})
REFUSED = frozenset({400, 413, 422})
REFUSAL = "refused: "
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Server:
    """The server at `url`, asked with the key that the environment holds now."""

    def __init__(self, url: str, llm: LlmParams, runtime: RuntimeParams) -> None:
        self._url, self._llm, self._timeout = url, llm, runtime.server_timeout_s
        self._key = _key()
        self.client = _client(url, self._key, runtime.server_concurrency)

    async def request(self, call: Call) -> Reply:
        """Return the reply to one request; raises PassingError when another may do better, else ModelError."""
        from openai import APIConnectionError, APIStatusError

        messages: Any = list(call.prompt.messages)
        try:
            async with asyncio.timeout(self._timeout):
                response = await self.client.chat.completions.with_raw_response.create(
                    model=self._llm.model,
                    messages=messages,
                    temperature=call.temperature,
                    seed=call.seed,
                    max_tokens=self._llm.max_tokens,
                    response_format=self._format(call.prompt.schema),
                )
        except TimeoutError:
            raise PassingError(f"no answer within {self._timeout:g} s (runtime.server_timeout_s)") from None
        except APIStatusError as error:
            return self._refused(call, error)
        except APIConnectionError as error:
            raise PassingError(f"the connection failed: {self._short(error.__cause__ or error)}") from None
        return self._read(call, response.http_response.content)

    def _format(self, schema: dict[str, Any]) -> Any:
        if self._llm.structure == "json_object":
            return {"type": "json_object"}
        return {"type": "json_schema", "json_schema": {"name": "profile", "schema": schema, "strict": False}}

    def _read(self, call: Call, body: bytes) -> Reply:
        """The reply in the body of an answer, which may be a proxy's page, or cut."""
        try:
            answer = json.loads(body)
            choice, usage = answer["choices"][0], answer.get("usage")
            text, reason = choice["message"].get("content") or "", choice.get("finish_reason")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            shown = self._short(body.decode(errors="replace"))
            raise PassingError(f"an answer that is no chat completion: {shown or 'nothing'}") from None
        details = usage.get("prompt_tokens_details") if isinstance(usage, dict) else None
        cached = _count(details, "cached_tokens")
        return Reply(
            call.key,
            self._without_key(str(text)),
            None if reason is None else self._short(reason),
            _count(usage, "prompt_tokens"),
            _count(usage, "prompt_cache_hit_tokens") if cached is None else cached,  # DeepSeek's own name
            _count(usage, "completion_tokens"),
        )

    def _refused(self, call: Call, error: "APIStatusError") -> Reply:
        """What a status other than success means: an empty reply where this one prompt is refused, else an error."""
        status, body = error.status_code, error.body
        fields = body if isinstance(body, dict) else {}
        message = self._short(fields.get("message") or fields.get("detail") or body or "nothing more")
        said = f"HTTP {status}, {message}"
        if status in REFUSED:
            return Reply(call.key, "", f"{REFUSAL}{message}", None, None, None)
        if fields.get("code") == "insufficient_quota":
            raise ModelError(f"The account of {KEY} at {self._url} has no quota left: {said}. Answers so far are kept.")
        if status in PASSING or status >= 500:
            wait = retry_after(error.response.headers.get("retry-after"))
            raise PassingError(said, wait, overloaded=status in OVERLOADED)
        if status in (401, 403):
            state = "is not the server's" if self._key else "is not set"
            hint = f"The environment variable {KEY} {state}, or does not allow this: set it to a key of this server."
        elif status == 404:
            hint = f"Check profile.llm.model, here {self._llm.model!r}, and runtime.server_url: most end in /v1."
        else:
            hint = "Check runtime.server_url and the account. Answers so far are kept."
        raise ModelError(f"The server {self._url} refused a request for {self._llm.model!r}: {said}. {hint}")

    def _short(self, said: object) -> str:
        """What a server said, as the beginning of one plain line without the key, or what a server left of it."""
        text = "".join(letter if letter.isprintable() else " " for letter in self._without_key(str(said)))
        line = " ".join("***" if "***" in word else word for word in text.split())
        return line[:SAID_CHARACTERS].rstrip(".")

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "***") if len(self._key) >= SECRET_CHARACTERS else text


def _client(url: str, key: str, concurrency: int) -> "AsyncOpenAI":
    """A client that goes to `url` and nowhere else, whatever the environment says."""
    try:
        from openai import DEFAULT_CONNECTION_LIMITS, AsyncOpenAI, DefaultAsyncHttpxClient, Omit
    except ImportError as error:
        raise ModelError(
            f"profile.engine is openai, but the package openai cannot be imported here: {error}. Run "
            "`pip install '.[openai]'`, or set profile.engine to extractive."
        ) from error
    limits = type(DEFAULT_CONNECTION_LIMITS)(max_connections=None, max_keepalive_connections=concurrency)
    http = DefaultAsyncHttpxClient(
        limits=limits,
        timeout=None,  # a request has one of its own
        follow_redirects=False,
        trust_env=urlsplit(url).hostname not in LOOPBACK,  # a proxy is between machines
    )
    ambient = (line.partition(":")[0].strip() for line in os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n"))
    headers: Any = {name: Omit() for name in ("OpenAI-Organization", "OpenAI-Project", *ambient) if name}
    key = key or "none"  # a server without keys ignores it, the package wants one
    headers["Authorization"] = f"Bearer {key}"
    return AsyncOpenAI(
        api_key=key, base_url=url, max_retries=0, timeout=None, default_headers=headers, http_client=http
    )


def _key() -> str:
    """The key in the environment, "" where there is none."""
    key = os.environ.get(KEY, "").strip()
    if not re.fullmatch("[!-~]*", key):  # it would be refused as a header, in a message that shows it
        raise ModelError(f"The environment variable {KEY} holds characters that no key has. Set it again.")
    return key


def checked_address(url: str) -> str:
    """`url` if it is the plain address of a server; what is wrong is not shown, since it may hold a secret."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        plain = False
    if not plain or re.search(r"[@?#\s]", url):
        raise ParamsError(
            "runtime.server_url must be a plain address such as http://127.0.0.1:8000/v1, without user, password, "
            f"query or spaces. A key belongs into the environment variable {KEY}."
        )
    return url


def _count(counts: object, name: str) -> int | None:
    found = counts.get(name) if isinstance(counts, dict) else None
    return found if type(found) is int and 0 <= found < 2**31 else None
