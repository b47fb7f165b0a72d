"""An engine that chats with a language model: it asks, checks, asks again, and replaces what stays broken."""

import math
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sracl_core.profile.chat.answers import BrokenAnswerError, read_answer
from sracl_core.profile.chat.identity import chat_identity
from sracl_core.profile.chat.judge import ASKED_FIRST, Judge, shown
from sracl_core.profile.chat.prompts import ChatPrompts, Prompt
from sracl_core.profile.engines.extractive import Extractive
from sracl_core.profile.engines.protocol import Answer, EngineSettings
from sracl_core.profile.prompting.requests import ProfileRequest

# Greedy decoding would repeat a broken answer: a later attempt samples, at this temperature at least.
RETRY_TEMPERATURE = 0.7
REASONS_TOLD = 5  # kinds of broken answers in an account


@dataclass(frozen=True, slots=True)
class Call:
    """One prompt to be answered under these decoding settings."""

    key: int
    prompt: Prompt
    temperature: float
    seed: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for the call `key`; counts are None where the model's server keeps none.

    `finish_reason` is the server's word: "stop" for a whole answer as a rule, "length" for one cut at the token limit.
    `reasoned` tells that there was reasoning outside `text`.
    """

    key: int
    text: str
    finish_reason: str | None
    tokens_in: int | None
    tokens_cached: int | None
    tokens_out: int | None
    reasoned: bool = False


class Model(Protocol):
    """A language model that answers chats, wherever it runs."""

    def ask(self, calls: Sequence[Call]) -> Iterator[Reply]:
        """Yield one reply a call, as they come; raises ModelError when the model cannot be had or is lost."""
        ...


@dataclass
class Usage:
    """What was asked of a model, failed attempts included."""

    replies: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    broken: Counter[str] = field(default_factory=Counter)

    def add(self, reply: Reply) -> None:
        """Count one reply."""
        self.replies += 1
        self.tokens_in += reply.tokens_in or 0
        self.tokens_cached += reply.tokens_cached or 0
        self.tokens_out += reply.tokens_out or 0

    @property
    def cached_rate(self) -> float:
        """Share of prompt tokens that the model's cache held, 0 … 1."""
        return self.tokens_cached / self.tokens_in if self.tokens_in else 0.0


class ChatEngine:
    """Writes profiles by chatting with `model`.

    `may_replace` is how many answers may still be replaced (see StopsEarly).
    """

    paid = True

    def __init__(self, name: str, settings: EngineSettings, prompts: ChatPrompts, model: Model) -> None:
        self.name, self.prompts, self.model = name, prompts, model
        self.tokenizer = prompts.tokenizer
        self.identity = chat_identity(settings.llm)
        self.usage = Usage()
        self.may_replace = math.inf
        self._settings = settings
        self._judge = Judge(settings.llm)
        self._broken: dict[int, str] = {}  # the last broken answer by key, as it is shown

    def prompt(self, request: ProfileRequest) -> str:
        """Return the chat and the schema of its answer, as one text."""
        return self.prompts.prompt(request).text

    def write(self, requests: Iterable[ProfileRequest]) -> Iterator[Answer]:
        """Yield one answer a request, as they come; broken ones are asked for again after all others.

        Raises ModelError as soon as too many first attempts are broken, or too many answers are going to stay broken.
        """
        self._broken.clear()
        left = yield from self._attempts(list(requests), range(1))
        again = range(1, self._settings.llm.attempts)
        sample: list[ProfileRequest] = []
        if again and self.may_replace < len(left) and len(left) > ASKED_FIRST:
            sample = [left[place * len(left) // ASKED_FIRST] for place in range(ASKED_FIRST)]
            chosen = {request.key for request in sample}
            stayed = yield from self._attempts(sample, again)
            self._judge.stayed(len(stayed), len(sample), len(left), int(self.may_replace))
            left, sample = [request for request in left if request.key not in chosen], stayed
        left = yield from self._attempts(left, again)
        for answer in Extractive(self._settings).write([*sample, *left]):
            why = self._broken.get(answer.key, "")
            yield Answer(answer.key, answer.text, answer.engine, replaced=True, why=why)

    def note(self) -> str:
        """Return tokens a second and the share of prompt tokens from the cache."""
        usage = self.usage
        if not usage.replies:
            return ""
        rate = (usage.tokens_in + usage.tokens_out) / max(usage.seconds, 1e-9)
        return f"{rate:,.0f} tokens/s, {usage.cached_rate:.0%} of prompts cached"

    def account(self) -> str:
        """Return the calls, the tokens, and what was broken."""
        usage = self.usage
        if not usage.replies:
            return ""
        parts = [
            f"{usage.replies:,} calls in {usage.seconds:,.0f} s",
            f"{usage.tokens_in:,} prompt tokens, {usage.cached_rate:.1%} of them from the cache",
            f"{usage.tokens_out:,} answer tokens",
        ]
        parts += [f"{count:,} broken answers: {reason}" for reason, count in usage.broken.most_common(REASONS_TOLD)]
        return "; ".join(parts)

    def calls(self, requests: Iterable[ProfileRequest], attempt: int = 0) -> list[Call]:
        """Return what is asked for `requests` in the given attempt, counted from 0."""
        llm = self._settings.llm
        temperature = max(llm.temperature, RETRY_TEMPERATURE) if attempt else llm.temperature
        return [
            Call(request.key, self.prompts.prompt(request), temperature, llm.seed + attempt) for request in requests
        ]

    def _attempts(
        self, requests: list[ProfileRequest], attempts: Iterable[int]
    ) -> Generator[Answer, None, list[ProfileRequest]]:
        """Ask for `requests` in each of these attempts; yield the whole answers, return the requests left without."""
        left = requests
        for attempt in attempts:
            if not left:
                break
            answered: set[int] = set()
            for answer in self._attempt(left, attempt):
                answered.add(answer.key)
                yield answer
            left = [request for request in left if request.key not in answered]
        return left

    def _attempt(self, requests: list[ProfileRequest], attempt: int) -> Iterator[Answer]:
        """Ask once for each of `requests`; yield the answers that are whole."""
        since = time.monotonic()
        for reply in self.model.ask(self.calls(requests, attempt)):
            now = time.monotonic()
            self.usage.seconds += now - since
            self.usage.add(reply)
            try:
                text = read_answer(
                    reply.text,
                    reply.finish_reason,
                    self.prompts.fields,
                    self.prompts.instructions,
                    reasoned=reply.reasoned,
                )
            except BrokenAnswerError as broken:
                reason = str(broken)
                self.usage.broken[reason] += 1
                self._broken[reply.key] = shown(reason, reply.text, reply.finish_reason, reply.reasoned)
                if attempt == 0:
                    self._judge.broken(reason, self._broken[reply.key])
            else:
                yield Answer(reply.key, text, self.name, reply.tokens_in, reply.tokens_out)
                if attempt == 0:  # judged when it is safe in the store
                    self._judge.good()
            since = time.monotonic()
