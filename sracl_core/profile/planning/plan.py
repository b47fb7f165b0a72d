"""The plan: prompts, tokens, time and money."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sracl_core.profile.chat.engine import ChatEngine
from sracl_core.profile.chat.tokens import APPROXIMATE
from sracl_core.profile.planning.caching import simulate_prefix_cache
from sracl_core.profile.planning.probe import Probe
from sracl_core.profile.planning.work import Outstanding, Work, answer_tokens, token_ids
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.progress import track

CACHE_BLOCKS = 65_536  # a million tokens: what a large GPU has room for beside a model of 7 B


@dataclass(frozen=True)
class Prices:
    """Money a million tokens: of prompts, of prompts that a cache holds, and of answers."""

    prompt: float
    cached: float
    answer: float


@dataclass(frozen=True)
class Plan:
    """What is left to do for one kind of profiles, or for several together.

    Of `requests`, `distinct` prompts; of these `stored` are answered and `to_send` are not. The tokens are those of the
    prompts to send: all, those that a cache holds, and those of the answers, known from `basis`; `exact` says whether
    the model's own tokenizer counted. `calls` are the prompts to send under other values of profile.users.per. None is
    what is not known: tokens where no model is asked, `seconds` without a probe, `money` without prices.
    """

    kind: str
    engine: str
    paid: bool
    requests: int
    distinct: int
    stored: int
    to_send: int
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    answer_tokens: int | None = None
    seconds: float | None = None
    money: float | None = None
    exact: bool = True
    basis: str = ""
    calls: dict[str, int] = field(default_factory=dict)
    probe: Probe | None = None


def make_plan(work: Work, store: AnswerStore, prices: Prices | None = None, probe: Probe | None = None) -> Plan:
    """Return what is left of `work` beside the answers in `store`.

    Tokens that a cache holds are counted by simulation, the prompts being sent one after another. Answers in the store
    tell how long the others will be; without them the words allowed do. Answers that will be broken are not foreseen,
    but for the time that they took in `probe`.
    """
    engine, left = work.engine, Outstanding()
    unanswered = left.of(work, track(work.requests(), f"plan {work.kind}", work.total, "profiles"), store)
    known: dict[str, Any] = {}
    if isinstance(engine, ChatEngine):
        count = simulate_prefix_cache(token_ids(engine, unanswered), capacity=CACHE_BLOCKS)
        mean, basis = answer_tokens(work, engine, left)
        computed, answers = count.tokens - count.cached, round(mean * left.to_send)
        known = {"prompt_tokens": count.tokens, "cached_tokens": count.cached, "answer_tokens": answers}
        known |= {"exact": work.settings.llm.tokenizer != APPROXIMATE, "basis": basis}
        if probe or not left.to_send:
            known["seconds"] = (computed + answers) * probe.seconds / probe.tokens if probe else 0.0
        if prices:
            money = computed * prices.prompt + count.cached * prices.cached + answers * prices.answer
            known["money"] = money / 1e6
    deque(unanswered, maxlen=0)  # of an engine that chats with no model only the counts are wanted
    calls = {per: sum(1 for _ in Outstanding().of(work, again(), store)) for per, again in work.choices.items()}
    counts = (left.requests, left.distinct, left.stored, left.to_send)
    return Plan(work.kind, engine.name, engine.paid, *counts, calls=calls, probe=probe, **known)


def together(plans: Sequence[Plan]) -> Plan:
    """Return the sum of `plans`, all of one engine; what one of them does not know, the sum does not."""
    numbers = ("requests", "distinct", "stored", "to_send", "prompt_tokens", "cached_tokens", "answer_tokens")
    columns = {name: [getattr(plan, name) for plan in plans] for name in (*numbers, "seconds", "money")}
    sums: dict[str, Any] = {name: None if None in values else sum(values) for name, values in columns.items()}
    return replace(plans[0], kind=" and ".join(plan.kind for plan in plans), basis="", calls={}, probe=None, **sums)
