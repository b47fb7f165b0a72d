"""A server with OpenAI's interface: one prompt sent to it, and what came back made sense of.

What is sent is made in `request`, an answer is read in `replies`, a refusal in `refusals` and `remedies`.

The key comes from the environment alone, and nothing that leaves this module holds it: what a server says is cleared of
it before anyone reads it.
"""

import asyncio
import os
import re
import socket
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sracl_core.ground.errors import ModelError
from sracl_core.params.profile import LlmParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.chat.answers import ending
from sracl_core.profile.chat.engine import Call, Reply
from sracl_core.profile.chat.key_mask import STARS, KeyMask
from sracl_core.profile.chat.patience import PassingError, retry_after
from sracl_core.profile.chat.refusals import LONGEST, REFUSAL, plain_words, read_refusal
from sracl_core.profile.chat.remedies import remedies
from sracl_core.profile.chat.replies import NoCompletionError, read_completion
from sracl_core.profile.chat.request import request_fields

if TYPE_CHECKING:
    from openai import AsyncOpenAI

KEY = "OPENAI_API_KEY"
SAID_CHARACTERS = 200
# 409 and 425 are for conflicts and haste; a status from 500 on passes too.
PASSING = frozenset({408, 409, 425, 429})
OVERLOADED = frozenset({429, 503})
REFUSED = frozenset({400, 413, 422})
# Servers that fail in this way at a field they do not know; an overloaded one may, too, but names no field.
FAILED = frozenset({500, 501})
# Ends of an answer that are the server's trouble, not the prompt's: DeepSeek, OpenRouter.
TROUBLE = frozenset({"insufficient_system_resource", "error"})
KEY_REFUSED = re.compile(
    r"(?i)api[ _]?key (?:is )?(?:not (?:valid|found|provided)|invalid|missing|expired)|API_KEY_INVALID|invalid_api_key"
    r"|(?:invalid|incorrect|missing|expired) api[ _]?key|(?:pass|provide) a valid api[ _]?key"
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Server:
    """The server at `url`, asked with the key that the environment holds now."""

    def __init__(self, url: str, llm: LlmParams, runtime: RuntimeParams) -> None:
        self._url, self._llm, self._timeout = url, llm, runtime.server_timeout_s
        self._key = _key()
        self._without_key = KeyMask(self._key)
        self.client = _client(url, self._key, runtime.server_concurrency)

    async def request(self, call: Call, first: bool = False) -> Reply:
        """Return the reply to one request; raises PassingError when another may do better, else ModelError.

        A server that refuses one of the `first` prompts for a field of the request would refuse all others: that is a
        ModelError which names the line of params.yaml to change.
        """
        from openai import APIConnectionError, APIStatusError

        fields: Any = request_fields(self._llm, call)
        try:
            async with asyncio.timeout(self._timeout):
                response = await self.client.chat.completions.with_raw_response.create(
                    **fields, extra_body=self._llm.request.extra
                )
        except TimeoutError:
            raise PassingError(f"no answer within {self._timeout:g} s (runtime.server_timeout_s)") from None
        except APIStatusError as error:
            wait = retry_after(error.response.headers.get("retry-after"))
            return self._refused(call, error.status_code, error.response.content, wait, first)
        except APIConnectionError as error:
            said = f"the connection failed: {self._short(error.__cause__ or error)}"
            raise PassingError(said, unconnected=True, no_server=_is_no_server(error)) from None
        body = response.http_response.content
        try:
            reply = read_completion(call.key, body, self._short, self._without_key)
        except NoCompletionError as found:
            shown = self._short(plain_words(body[:LONGEST].decode(errors="replace"))) or "nothing"
            if first and found.is_error and remedies(read_refusal(200, body), self._llm):
                return self._refused(call, 200, body, None, first)  # some servers put errors into a success
            # Such an error may name the status that it should have had.
            passing = found.status in PASSING or found.status >= 500
            raise PassingError(
                f"an answer that is no chat completion: {shown}",
                overloaded=found.status in OVERLOADED,
                no_server=not passing,
            ) from None
        if ending(reply.finish_reason) in TROUBLE:
            raise PassingError(f"an answer that ended by {reply.finish_reason!r}")
        return reply

    def _refused(self, call: Call, status: int, body: bytes, wait: float | None, first: bool) -> Reply:
        """What a refusal means: an empty reply where it concerns this one prompt, else an error."""
        refusal = read_refusal(status, body)
        message = self._short(refusal.words) or "nothing more"
        said = f"HTTP {status}, {message}"
        mended = "" if status in PASSING else "".join(f"{one}. " for one in remedies(refusal, self._llm))
        if first and mended and (status in REFUSED | FAILED or status == 200):
            raise ModelError(
                f"The server {self._url} refused a prompt before it had answered any: {said}. {mended}Nothing "
                "more was asked: change params.yaml, then run it again."
            )
        # Gemini refuses a key with 400; a server that has answered a prompt has taken the key.
        if status in REFUSED and KEY_REFUSED.search(" ".join([*refusal.codes, refusal.words if first else ""])):
            status = 401
        if status in REFUSED:
            return Reply(call.key, "", f"{REFUSAL}{message}", None, None, None)
        if "insufficient_quota" in refusal.codes:
            raise ModelError(f"The account of {KEY} at {self._url} has no quota left: {said}. Answers so far are kept.")
        if status in PASSING or status >= 500:
            raise PassingError(said, wait, overloaded=status in OVERLOADED)
        if status in (401, 403):
            state = "is not the server's" if self._key else "is not set"
            hint = f"The environment variable {KEY} {state}, or does not allow this: set it to a key of this server."
        elif mended:
            hint = f"{mended}Answers so far are kept."
        elif status == 404:
            hint = f"Check profile.llm.model, here {self._llm.model!r}, and runtime.server_url: most end in /v1."
        else:
            hint = "Check runtime.server_url and the account. Answers so far are kept."
        raise ModelError(f"The server {self._url} refused a request for {self._llm.model!r}: {said}. {hint}")

    def _short(self, said: object) -> str:
        """What a server said, as the beginning of one plain line without the key, or what a server left of it."""
        text = "".join(letter if letter.isprintable() else " " for letter in self._without_key(str(said)))
        line = " ".join(STARS if STARS in word else word for word in text.split())
        return line[:SAID_CHARACTERS].rstrip(".")


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


def _is_no_server(error: BaseException) -> bool:
    """Whether a connection failed because there is no such host, or one that speaks something else."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, socket.gaierror | ssl.SSLError):
            return True
        found = found.__cause__ or found.__context__
    return False


def _key() -> str:
    """The key in the environment, "" where there is none."""
    key = os.environ.get(KEY, "").strip()
    if not re.fullmatch("[!-~]*", key):  # it would be refused as a header, in a message that shows it
        raise ModelError(f"The environment variable {KEY} holds characters that no key has. Set it again.")
    return key
