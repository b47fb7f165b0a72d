"""The plan of what profiles will cost, held against what is then really sent."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sracl_core.params.profile import ENGINE, LlmParams, ProfileParams, UserProfileParams
from sracl_core.params.reading.groups import PartParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.asking.write import write_profiles
from sracl_core.profile.chat.engine import Call, ChatEngine, Reply
from sracl_core.profile.chat.prompts import ChatPrompts
from sracl_core.profile.chat.tokens import load_tokenizer
from sracl_core.profile.engines.protocol import EngineSettings
from sracl_core.profile.planning import plan as planning
from sracl_core.profile.planning import work as work_module
from sracl_core.profile.planning.caching import simulate_prefix_cache
from sracl_core.profile.planning.plan import Prices, make_plan
from sracl_core.profile.planning.probe import measure
from sracl_core.profile.planning.work import Kind, Work, profile_work, share_model
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.ragged import Ragged
from sracl_core.schemas.ingest import ITEMS

TOKENS_OUT = 9
LOADING, PAUSE = 0.2, 0.002
CATALOGUE = pa.Table.from_pylist(
    [{"item": n, "item_id": f"k{n}", "title": f"Kettle {n} of copper", "attributes": []} for n in range(1, 21)],
    schema=ITEMS,
)
# Several users begin with the same item: equal prompts.
TRAIN = Ragged.from_lists([[(user // 3 + step * (user + 1)) % 20 + 1 for step in range(9)] for user in range(12)])


class Clockwork:
    """A model of constant speed, which notes what it is asked; told to, it breaks the answers to some keys."""

    def __init__(self, settings: EngineSettings) -> None:
        self.made_for, self.asked = settings.prompts, list[Call]()
        self.breaks: int | None = None

    def ask(self, calls: Sequence[Call]) -> Iterator[Reply]:
        if not self.asked:
            print("the model is loaded")
            time.sleep(LOADING)
        for call in calls:
            self.asked.append(call)
            time.sleep(PAUSE)
            broken = self.breaks is not None and call.key % self.breaks == 0
            text = "" if broken else json.dumps(dict.fromkeys(call.prompt.schema["properties"], "Copper."))
            yield Reply(call.key, text, "stop", 1, 0, TOKENS_OUT)


def clockwork(settings: EngineSettings) -> ChatEngine:
    """An engine, by its import path."""
    prompts = ChatPrompts(settings.prompts, settings.domain, load_tokenizer(settings.llm))
    return ChatEngine("clockwork", settings, prompts, Clockwork(settings))


clockwork.Params = PartParams  # type: ignore[attr-defined]
MINE = {"part": f"{__name__}:clockwork"}


def work(kind: Kind = "user", engine: str = "mine", **values: object) -> Work:
    llm = {"model": "clockwork", "tokenizer": "approximate"} | {
        name: values.pop(name) for name in ("model", "tokenizer", "attempts", "max_tokens") if name in values
    }
    users = UserProfileParams.model_validate(values)
    groups, problems = ENGINE.typed({"engine": engine, "engines": {"mine": MINE}}, "profile")
    assert not problems
    params = ProfileParams(engine=engine, engines=groups(mine=MINE), llm=LlmParams.model_validate(llm), users=users)
    return profile_work(kind, items=CATALOGUE, train=TRAIN, params=params, runtime=RuntimeParams())


def model_of(one: Work) -> Any:
    return one.engine.model  # type: ignore[attr-defined]


def tokens_sent(one: Work) -> list[list[int]]:
    """The tokens of each prompt that the model was asked, in that order."""
    return one.engine.tokenizer.chats([call.prompt.messages for call in model_of(one).asked])  # type: ignore[attr-defined]


def write(one: Work, store: AnswerStore, begin: int = 0, end: int | None = None) -> None:
    list(write_profiles(list(one.requests())[begin:end], one.engine, store))


@pytest.fixture
def store(tmp_path: Path) -> AnswerStore:
    return AnswerStore(tmp_path / "store")


@pytest.mark.parametrize("kind", ["item", "user"])
@pytest.mark.parametrize("tokenizer", ["approximate", None])
def test_the_plan_is_what_is_then_sent(
    kind: Kind, tokenizer: str | None, request: pytest.FixtureRequest, store: AnswerStore
) -> None:
    model = "clockwork" if tokenizer else str(request.getfixturevalue("tiny_model"))
    one = work(kind, model=model, tokenizer=tokenizer)
    plan = make_plan(one, store)
    assert not store.folder.exists()  # nothing was paid for
    write(one, store)
    sent = tokens_sent(one)
    assert (plan.requests, plan.distinct, plan.stored, plan.to_send) == (one.total, len(sent), 0, len(sent))
    assert (plan.distinct < plan.requests) == (kind == "user")  # equal prompts are sent once
    assert plan.prompt_tokens == sum(map(len, sent))
    assert plan.cached_tokens == sum(cached_by_definition(sent)) > 0
    assert plan.exact == (tokenizer is None)
    assert (plan.seconds, plan.money, plan.probe) == (None, None, None)
    done = make_plan(one, store)
    assert (done.stored, done.to_send, done.prompt_tokens, done.seconds) == (len(sent), 0, 0, 0)


def cached_by_definition(sent: list[list[int]], block: int = 16) -> list[int]:
    """Tokens of each prompt in whole blocks with which an earlier one begins too; the last token is computed."""
    cached = []
    for place, prompt in enumerate(sent):
        ends = range(block, len(prompt), block)
        found = (end for end in ends if any(earlier[:end] == prompt[:end] for earlier in sent[:place]))
        cached.append(max(found, default=0))
    return cached


def test_stored_answers_are_left_out_and_tell_how_long_the_others_will_be(store: AnswerStore) -> None:
    one = work()
    whole = make_plan(one, store)
    write(one, store, 0, 30)
    known = len(model_of(one).asked)
    plan = make_plan(one, store)
    assert (plan.requests, plan.distinct) == (whole.requests, whole.distinct)
    assert (plan.stored, plan.to_send) == (known, whole.distinct - known)
    assert plan.answer_tokens == plan.to_send * TOKENS_OUT
    assert plan.basis == f"mean of {known} stored answers"
    assert 0 < (plan.prompt_tokens or 0) < (whole.prompt_tokens or 0)
    assert make_plan(work(model="another"), store).stored == 0


def test_a_cache_with_little_room_is_simulated_in_the_order_of_sending(
    store: AnswerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "CACHE_BLOCKS", 40)
    one = work()
    plan = make_plan(one, store)
    write(one, store)
    assert plan.cached_tokens == simulate_prefix_cache(tokens_sent(one), capacity=40).cached


def test_without_answers_their_length_is_estimated_and_bounded(store: AnswerStore) -> None:
    plan = make_plan(work(preferences_words=50), store)
    frame = -(-len('{"preferences": ""}') // 3)
    assert plan.answer_tokens == plan.to_send * (50 * 1.4 + frame)
    assert plan.basis == "estimated: 50 words allowed × 1.4, and the JSON"
    assert make_plan(work("item"), store).basis.startswith("estimated: 130 words")
    bounded = make_plan(work(preferences_words=50, max_tokens=20), store)
    assert bounded.answer_tokens == bounded.to_send * 20


@pytest.mark.parametrize("stored", [0, 40])
def test_other_choices_are_counted_as_they_would_be_planned(stored: int, store: AnswerStore) -> None:
    one = work()
    write(one, store, 0, stored)
    plan = make_plan(one, store)
    assert plan.calls == {per: make_plan(work(per=per), store).to_send for per in ("stride", "user")}
    assert plan.calls["user"] < plan.calls["stride"] < plan.to_send
    assert make_plan(work(per="stride"), store).calls == make_plan(work("item"), store).calls == {}


def test_money_is_the_sum_over_three_prices(store: AnswerStore) -> None:
    plan = make_plan(work(), store, Prices(prompt=2.0, cached=0.5, answer=8.0))
    prompt, cached, answer = (count or 0 for count in (plan.prompt_tokens, plan.cached_tokens, plan.answer_tokens))
    assert round((plan.money or 0) * 1e6) == round(2.0 * (prompt - cached) + 0.5 * cached + 8.0 * answer) > 0


def test_the_plan_does_not_depend_on_how_much_is_in_hand(store: AnswerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    write(work(), store, 10, 20)
    whole = make_plan(work(), store)
    monkeypatch.setattr(work_module, "AT_ONCE", 5)
    assert make_plan(work(), store) == whole


def test_a_probe_answers_times_and_keeps(store: AnswerStore) -> None:
    one = work()
    before = make_plan(one, store)
    started = time.monotonic()
    probe = measure(one, store, 20)
    wall = time.monotonic() - started
    assert probe is not None
    assert (probe.prompts, probe.replaced) == (19, 0)
    assert 19 * PAUSE <= probe.seconds <= wall - LOADING  # loading the model is no part of it
    plan = make_plan(one, store, probe=probe)
    assert (plan.stored, plan.to_send) == (20, before.to_send - 20)
    asked, chats = model_of(one).asked, tokens_sent(one)
    computed = [len(ids) - cached for ids, cached in zip(chats, cached_by_definition(chats), strict=True)]
    assert probe.tokens == sum(computed[1:]) + 19 * TOKENS_OUT
    assert plan.answer_tokens == plan.to_send * TOKENS_OUT
    left = (plan.prompt_tokens or 0) - (plan.cached_tokens or 0) + plan.answer_tokens
    assert plan.seconds == pytest.approx(probe.seconds * left / probe.tokens)
    write(one, store)
    assert len(asked) == before.to_send == len({call.prompt.text for call in asked})


def test_a_probe_larger_than_the_work_does_all_of_it(store: AnswerStore) -> None:
    one = work("item")
    probe = measure(one, store, 1000)
    assert probe and probe.prompts == one.total - 1
    assert make_plan(one, store, probe=probe).seconds == 0
    assert measure(one, store, 10) is None  # nothing is left
    assert len(model_of(one).asked) == one.total


def test_answers_that_stay_broken_take_time_and_are_not_kept(store: AnswerStore) -> None:
    one = work(attempts=2)
    model_of(one).breaks = 2
    probe, asked = measure(one, store, 17), model_of(one).asked
    broken = {call.key for call in asked if call.key % 2 == 0}
    assert len(asked) == 17 + len(broken)
    assert probe and probe.replaced == len(broken - {asked[0].key}) > 0
    assert make_plan(one, store).stored == 17 - len(broken)


def test_both_kinds_ask_one_model_made_for_the_longest_prompts(store: AnswerStore) -> None:
    works = [work("item"), work("user")]
    longest = max(works, key=lambda one: one.engine.prompts.longest())  # type: ignore[attr-defined]
    share_model(works)
    assert model_of(works[0]) is model_of(works[1])
    assert model_of(works[0]).made_for == longest.settings.prompts
    assert all(measure(one, store, 4) for one in works)
    assert len(model_of(works[0]).asked) == 8
    assert [make_plan(one, store).stored for one in works] == [4, 4]


def test_an_engine_without_a_model_costs_nothing(store: AnswerStore) -> None:
    one = work(engine="extractive")
    assert measure(one, store, 8) is None
    plan = make_plan(one, store, Prices(1, 1, 1))
    assert (plan.paid, plan.stored, plan.to_send) == (False, 0, plan.distinct)
    assert plan.prompt_tokens is plan.cached_tokens is plan.answer_tokens is plan.seconds is plan.money is None
    assert not store.folder.exists()
