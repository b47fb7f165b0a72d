"""Profiles written: the store is asked first, the engine for the rest, and each distinct prompt once."""

import math
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

import pyarrow as pa

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import TableWriter
from sracl_core.ground.errors import ModelError
from sracl_core.profile.asking.ask import ask_once, from_store
from sracl_core.profile.engines.protocol import Answer, Engine
from sracl_core.profile.prompting.requests import ProfileRequest
from sracl_core.profile.store.answers import AnswerStore, address_of
from sracl_core.profile.store.earlier import EarlierProfiles, find_paid
from sracl_core.progress import Progress
from sracl_core.schemas.profiles import PROFILES

# Requests held at once: large against what an engine works on at a time, small against memory.
WINDOW = 8_192
ROWS_PER_GROUP = WINDOW
FAILURES_SHOWN = 3


@dataclass
class ProfileCounts:
    """What writing came to.

    `profiles` in all; of them `stored` were in the store and `earlier` in profiles written before; `replaced` were not
    written by the engine that was asked, which had failed; `failures` shows some of these.
    """

    profiles: int = 0
    stored: int = 0
    earlier: int = 0
    replaced: int = 0
    failures: list[str] = field(default_factory=list)

    def line(self, kind: str, engine: Engine) -> str:
        """One plain line for a person."""
        told = [f"{self.profiles} {kind} profiles by {engine.name}"]
        if engine.paid:
            told += [
                f"{self.stored} from the store",
                f"{self.earlier} from the last commit",
                f"{self.replaced} replaced",
            ]
        return "; ".join([", ".join(told), *filter(None, [engine.account()])])


@dataclass(frozen=True, slots=True)
class Written:
    """A request with its answer; `address` is the answer's in the store, None where it is not kept there."""

    request: ProfileRequest
    answer: Answer
    address: str | None
    source: Literal["engine", "store", "earlier"]


def write_profiles(
    requests: Iterable[ProfileRequest],
    engine: Engine,
    store: AnswerStore | None,
    earlier: EarlierProfiles | None = None,
    total: int | None = None,
    *,
    may_replace: float = math.inf,
) -> Iterator[Written]:
    """Yield every request with its answer, in the order of the requests.

    An answer of a paid engine that is in `store`, or else in `earlier`, is not asked for again, and a new one is
    stored as soon as it comes. Equal prompts are asked once, also by several runs at the same time. `total` is the
    number of requests, for the progress shown.
    Raises ModelError when a paid engine has no store, when an engine leaves a request without a text, or when one that
    can tell (see StopsEarly) is about to replace more than `may_replace` answers.
    """
    if engine.paid and store is None:
        raise ModelError(f"The answers of the engine {engine.name} are paid for: give a store to keep them in.")
    kept = store if engine.paid else None
    remaining = iter(requests)
    with kept.writer() if kept else nullcontext() as writer, Progress("profile", total, "profiles") as progress:
        while window := list(islice(remaining, WINDOW)):
            addresses = [address_of(engine.identity, engine.prompt(request)) for request in window]
            answers: dict[str, Answer] = {}
            sources: dict[str, Literal["store", "earlier"]] = {}
            if kept and writer:
                stored, taken_over = find_paid(addresses, engine.identity, kept, earlier)
                for row in taken_over.values():
                    writer.add(row)
                answers = {address: from_store(row) for address, row in (stored | taken_over).items()}
                sources = {address: "store" if address in stored else "earlier" for address in answers}
                kept.tell_damage()
            progress.advance(sum(address in sources for address in addresses))
            asked: dict[str, ProfileRequest] = {}
            for address, request in zip(addresses, window, strict=True):
                if address not in sources:
                    asked.setdefault(address, request)
            again = sum(address not in sources for address in addresses) - len(asked)
            for address, answer, source in ask_once(asked, engine, writer, may_replace):
                answers[address] = answer
                if source == "store":
                    sources[address] = source
                progress.advance(1, engine.note())
            progress.advance(again)
            for address, request in zip(addresses, window, strict=True):
                answer = answers[address]
                may_replace -= answer.replaced
                in_store = address if kept and not answer.replaced else None
                yield Written(request, answer, in_store, sources.get(address, "engine"))


def write_profile_table(
    path: Path,
    requests: Iterable[ProfileRequest],
    engine: Engine,
    store: AnswerStore | None,
    provenance: Provenance,
    *,
    max_fallback: float,
    total: int,
    earlier: EarlierProfiles | None = None,
) -> ProfileCounts:
    """Write the profiles of `total` requests at `path`, in the schema PROFILES, and return the counts.

    Raises ModelError as `write_profiles` does, and as soon as the share of replaced answers is sure to be above
    `max_fallback`; then nothing is written at `path`.
    """
    counts = ProfileCounts()
    rows = _counted(write_profiles(requests, engine, store, earlier, total, may_replace=max_fallback * total), counts)
    with TableWriter(path, PROFILES, provenance) as table:
        while group := list(islice(rows, ROWS_PER_GROUP)):
            table.write(pa.Table.from_pylist(group, schema=PROFILES))
            if counts.replaced > max_fallback * total:
                told = "".join(f"\n  {number}. {why}" for number, why in enumerate(counts.failures, 1))
                raise ModelError(
                    f"The engine {engine.name} failed for {counts.replaced} of the first {counts.profiles} profiles of "
                    f"{total}, above the share {max_fallback} that profile.max_fallback allows. "
                    + (f"It reports: {engine.account()}. " if engine.account() else "")
                    + (f"Some of its failures:{told}\n" if told else "")
                    + "Look at these, then run the stage again."
                    + (" The good answers are kept, and not asked for a second time." if engine.paid else "")
                )
    return counts


def _counted(written: Iterator[Written], counts: ProfileCounts) -> Iterator[dict[str, object]]:
    for one in written:
        counts.profiles += 1
        counts.stored += one.source == "store"
        counts.earlier += one.source == "earlier"
        counts.replaced += one.answer.replaced
        if one.answer.why and one.answer.why not in counts.failures and len(counts.failures) < FAILURES_SHOWN:
            counts.failures.append(one.answer.why)
        yield {
            "key": one.request.key,
            "text": one.answer.text,
            "request_sha256": one.request.sha256,
            "address": one.address,
            "engine": one.answer.engine,
            "tokens_in": one.answer.tokens_in,
            "tokens_out": one.answer.tokens_out,
        }
