"""A probe: some of the outstanding prompts really answered, and how long that took."""

import time
from dataclasses import dataclass

from sracl_core.ground.errors import ModelError
from sracl_core.profile.asking.write import write_profiles
from sracl_core.profile.chat.engine import ChatEngine
from sracl_core.profile.chat.judge import EXAMPLES, told
from sracl_core.profile.planning.caching import simulate_prefix_cache
from sracl_core.profile.planning.work import Outstanding, Work, answer_tokens, token_ids
from sracl_core.profile.store.answers import AnswerStore, address_of
from sracl_core.profile.store.claims import Claims
from sracl_core.progress import tell

RUN = 8  # prompts of a probe that follow one another: about as many as a user has


@dataclass(frozen=True)
class Probe:
    """How fast `prompts` were answered, retries included: `tokens` computed in `seconds`.

    Computed are prompt tokens that no cache holds, and answer tokens. `replaced` of the answers stayed broken.
    """

    prompts: int
    replaced: int
    tokens: float
    seconds: float


def measure(work: Work, store: AnswerStore, count: int) -> Probe | None:
    """Answer `count` of the prompts to send, or all if they are fewer, into `store`; return how fast it went.

    They are spread evenly, in runs of neighbours; those that another run is asking for are left to it. The first is not
    timed: it loads the model. None where no model is asked, or nothing was left to time. Raises ModelError when no
    answer was whole.
    """
    engine = work.engine
    if not isinstance(engine, ChatEngine):
        return None
    keys = _to_ask(work, store)
    chosen = {keys[place] for place in spread(len(keys), count)}
    requests = [request for request in work.requests() if request.key in chosen]
    first = [one.answer for one in write_profiles(requests[:1], engine, store, work.earlier)]
    started = time.monotonic()
    answers = [one.answer for one in write_profiles(requests[1:], engine, store, work.earlier, len(requests) - 1)]
    seconds = time.monotonic() - started
    measured = answers or first
    if measured and all(answer.replaced for answer in measured):
        examples = list(dict.fromkeys(answer.why for answer in measured if answer.why))[:EXAMPLES]
        raise ModelError(
            f"The model {work.settings.llm.model!r} gave no usable answer to any of the {len(measured)} prompts "
            f"measured for the {work.kind} profiles, so nothing can be estimated from them. It reports: "
            f"{engine.account()}. {told(examples, engine.usage.broken, work.settings.llm)}"
        )
    if not answers:
        return None
    tokens_of_first, *others = token_ids(engine, requests)
    whole = simulate_prefix_cache([tokens_of_first, *others])
    unknown, _ = answer_tokens(work, engine, Outstanding())
    written = [answer.tokens_out or unknown for answer in answers if not answer.replaced]
    tokens = whole.tokens - whole.cached - len(tokens_of_first) + sum(written)
    return Probe(len(answers), len(answers) - len(written), tokens, seconds)


def _to_ask(work: Work, store: AnswerStore) -> list[int]:
    """The keys of the prompts without an answer, but for those that another run is asking for: it pays for them."""
    engine = work.engine
    left = [
        (request.key, address_of(engine.identity, engine.prompt(request)))
        for request in Outstanding().of(work, work.requests(), store)
    ]
    if not left:
        return []
    with Claims(store.folder) as claims:
        free = [key for key, address in left if claims.free(address)]
    if len(free) < len(left):
        tell(
            f"{len(left) - len(free):,} of the {work.kind} prompts without an answer are being asked for by another "
            "run. The probe leaves them to it."
        )
    return free


def spread(total: int, count: int) -> list[int]:
    """Return `count` of the places 0 … total−1, or all if they are fewer: runs of neighbours, evenly spread."""
    runs, last = -(-count // RUN), max(total - RUN, 0)
    starts = [last * run // max(runs - 1, 1) for run in range(runs)]
    places = dict.fromkeys(start + place for start in starts for place in range(min(RUN, total)))
    return list(places)[:count]
