"""The profiles to write, and which of their prompts are outstanding."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from statistics import fmean
from typing import Literal

import pyarrow as pa

from sracl_core.params.profile import ItemProfileParams, ProfileParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.chat.engine import ChatEngine
from sracl_core.profile.chat.prompts import ITEM_FIELDS, USER_FIELDS
from sracl_core.profile.contexts import draw_contexts
from sracl_core.profile.engines.protocol import Engine, EngineSettings
from sracl_core.profile.prefixes import build_prefixes
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.load import load_engine
from sracl_core.profile.prompting.requests import ProfileRequest, item_requests, user_requests
from sracl_core.profile.store.answers import AnswerStore, address_of
from sracl_core.profile.store.earlier import EarlierProfiles, find_paid
from sracl_core.profile.store.stored import StoredAnswer
from sracl_core.ragged import Ragged

Kind = Literal["item", "user"]
Requests = Callable[[], Iterator[ProfileRequest]]

TOKENS_PER_WORD = 1.4  # English in a common vocabulary, punctuation included
AT_ONCE = 2_048  # requests in hand


@dataclass(frozen=True)
class Work:
    """The profiles of one kind to write: each call of `requests` yields all `total` of them anew.

    `choices` yields those of the other values of profile.users.per, where they are fewer.
    """

    kind: Kind
    settings: EngineSettings
    engine: Engine
    requests: Requests
    total: int
    choices: dict[str, Requests] = field(default_factory=dict)
    earlier: EarlierProfiles | None = None


def profile_work(
    kind: Kind,
    *,
    items: pa.Table,
    train: Ragged,
    params: ProfileParams,
    runtime: RuntimeParams,
    earlier: EarlierProfiles | None = None,
) -> Work:
    """Return the work of the stage that writes the profiles of `kind`, on `items` (schema ITEMS).

    `train` holds the training part of user u in row u; `earlier` may hold answers that the store lacks. Raises
    ModelError when the engine cannot be had.
    """
    prompts = params.items if kind == "item" else params.users
    settings = EngineSettings(
        Catalogue.from_table(items), params.domain, prompts, params.llm, runtime, params.engine_params
    )
    engine = load_engine(params.engine_part, settings)
    if isinstance(prompts, ItemProfileParams):
        ids = items["item_id"].to_pylist()
        drawn = draw_contexts(train, ids, prompts.contexts, prompts.context_items, prompts.seed)
        requests = partial(item_requests, items, drawn, train, prompts)
        return Work(kind, settings, engine, requests, items.num_rows, earlier=earlier)
    choices = ("prefix", "stride", "user") if prompts.per == "prefix" else (prompts.per,)
    tables = {per: build_prefixes(train, prompts.model_copy(update={"per": per})) for per in choices}
    by_choice: dict[str, Requests] = {
        per: partial(user_requests, items, table, train, prompts) for per, table in tables.items()
    }
    chosen, total = by_choice.pop(prompts.per), tables[prompts.per].num_rows
    return Work(kind, settings, engine, chosen, total, by_choice, earlier)


def share_model(works: Iterable[Work]) -> None:
    """Let all that chat ask one model, the one made for the longest prompts: a second may not fit beside it."""
    engines = [work.engine for work in works if isinstance(work.engine, ChatEngine)]
    if engines:
        model = max(engines, key=lambda engine: engine.prompts.longest()).model
        for engine in engines:
            engine.model = model


@dataclass
class Outstanding:
    """Counts of requests gone through, and the tokens of each stored answer that tells them."""

    requests: int = 0
    distinct: int = 0
    stored: int = 0
    tokens_out: list[int] = field(default_factory=list)

    @property
    def to_send(self) -> int:
        """Distinct prompts without an answer."""
        return self.distinct - self.stored

    def of(self, work: Work, requests: Iterator[ProfileRequest], store: AnswerStore) -> Iterator[ProfileRequest]:
        """Yield one request a prompt to send, in the order of sending."""
        engine = work.engine
        seen: set[str] = set()
        while window := list(islice(requests, AT_ONCE)):
            first: dict[str, ProfileRequest] = {}
            for request in window:
                first.setdefault(address_of(engine.identity, engine.prompt(request)), request)
            new = [address for address in first if address not in seen]
            seen.update(new)
            found: dict[str, StoredAnswer] = {}
            if engine.paid:
                stored, taken_over = find_paid(new, engine.identity, store, work.earlier)
                found = stored | taken_over
            self.requests += len(window)
            self.distinct += len(new)
            self.stored += len(found)
            self.tokens_out += [row.tokens_out for row in found.values() if row.tokens_out is not None]
            yield from (first[address] for address in new if address not in found)


def token_ids(engine: ChatEngine, requests: Iterable[ProfileRequest]) -> Iterator[list[int]]:
    """Yield the tokens of each prompt, tokenized many at a time."""
    remaining = iter(requests)
    while batch := list(islice(remaining, AT_ONCE)):
        yield from engine.tokenizer.chats([engine.prompts.prompt(request).messages for request in batch])


def answer_tokens(work: Work, engine: ChatEngine, left: Outstanding) -> tuple[float, str]:
    """Return the tokens of an answer on average, and how that is known."""
    if left.tokens_out:
        return fmean(left.tokens_out), f"mean of {len(left.tokens_out):,} stored answers"
    fields = ITEM_FIELDS if work.kind == "item" else USER_FIELDS
    words = sum(getattr(work.settings.prompts, limit) for limit in fields.values())
    frame = engine.tokenizer.counts([json.dumps(dict.fromkeys(fields, ""))])[0]
    tokens = min(words * TOKENS_PER_WORD + frame, work.settings.llm.max_tokens)
    return tokens, f"estimated: {words} words allowed × {TOKENS_PER_WORD}, and the JSON"
