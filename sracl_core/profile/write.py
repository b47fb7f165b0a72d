"""Profiles written: the store is asked first, the engine for the rest, and each distinct prompt once."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa

from sracl_core.artifacts import PROFILES, Provenance, TableWriter
from sracl_core.errors import ModelError
from sracl_core.plugins import load_plugin
from sracl_core.profile.catalogue import Catalogue
from sracl_core.profile.engines.protocol import Answer, Engine
from sracl_core.profile.journal import StoredAnswer
from sracl_core.profile.requests import ProfileRequest
from sracl_core.profile.store import AnswerStore, address_of
from sracl_core.progress import Progress

# Requests held at once: large against what an engine works on at a time, small against memory.
WINDOW = 8_192
ROWS_PER_GROUP = 16_384


@dataclass
class ProfileCounts:
    """What writing came to: profiles, those of them found in the store, and those not written by the engine itself."""

    profiles: int = 0
    stored: int = 0
    fallback: int = 0

    def line(self, kind: str, engine: Engine) -> str:
        """One plain line for a person."""
        return (
            f"{self.profiles} {kind} profiles by {engine.name}: {self.stored} from the store, {self.fallback} replaced"
        )


def load_engine(name: str, catalogue: Catalogue) -> Engine:
    """Return the engine that `profile.engine` names; raises ModelError when it cannot be loaded."""
    return load_plugin("sracl_core.profile.engines", name)(catalogue)


def write_profiles(
    requests: Iterable[ProfileRequest], engine: Engine, store: AnswerStore | None, total: int | None = None
) -> Iterator[tuple[ProfileRequest, Answer, bool]]:
    """Yield every request with its answer and whether that came from the store, in the order of the requests.

    An answer of a paid engine that is in `store` is not asked for again, and a new one is stored as soon as it comes.
    Equal prompts are asked once. `total` is the number of requests, for the progress shown. Raises ModelError when a
    paid engine has no store, or an engine leaves a request without a text.
    """
    if engine.paid and store is None:
        raise ModelError(f"The answers of the engine {engine.name} are paid for: give a store to keep them in.")
    kept = store if engine.paid else None
    remaining = iter(requests)
    with kept.writer() if kept else nullcontext() as writer, Progress("profile", total, "profiles") as progress:
        while window := list(islice(remaining, WINDOW)):
            addresses = [address_of(engine.identity, request.prompt) for request in window]
            answers = {address: _from_store(row) for address, row in (kept.find(addresses) if kept else {}).items()}
            stored = set(answers)
            progress.advance(sum(address in stored for address in addresses))
            asked: dict[str, ProfileRequest] = {}
            for address, request in zip(addresses, window, strict=True):
                if address not in stored:
                    asked.setdefault(address, request)
            for address, answer in _ask(engine, asked):
                answers[address] = answer
                # A replacement is no answer of this engine: the next run asks again.
                if writer and answer.engine == engine.name:
                    writer.add(_to_store(address, engine, answer))
                progress.advance()
            progress.advance(sum(address not in stored for address in addresses) - len(asked))
            for address, request in zip(addresses, window, strict=True):
                yield request, answers[address], address in stored


def write_profile_table(
    path: Path,
    requests: Iterable[ProfileRequest],
    engine: Engine,
    store: AnswerStore | None,
    provenance: Provenance,
    *,
    max_fallback: float,
    total: int | None = None,
) -> ProfileCounts:
    """Write one profile a request at `path`, in the schema PROFILES, and return the counts.

    Raises ModelError as `write_profiles` does, and when the share of replaced answers is above `max_fallback`; then
    nothing is written at `path`.
    """
    counts = ProfileCounts()
    rows = _counted(write_profiles(requests, engine, store, total), engine, counts)
    with TableWriter(path, PROFILES, provenance) as table:
        while group := list(islice(rows, ROWS_PER_GROUP)):
            table.write(pa.Table.from_pylist(group, schema=PROFILES))
        if counts.fallback > max_fallback * counts.profiles:
            raise ModelError(
                f"The engine {engine.name} failed for {counts.fallback} of {counts.profiles} profiles, above the share "
                f"{max_fallback} that profile.max_fallback allows. See what it reported, then run the stage again: "
                "answers it gave are kept, if they are paid for."
            )
    return counts


def _counted(
    answered: Iterator[tuple[ProfileRequest, Answer, bool]], engine: Engine, counts: ProfileCounts
) -> Iterator[dict[str, object]]:
    for request, answer, stored in answered:
        counts.profiles += 1
        counts.stored += stored
        counts.fallback += answer.engine != engine.name
        yield {
            "key": request.key,
            "text": answer.text,
            "prompt_sha256": request.prompt_sha256,
            "engine": answer.engine,
            "tokens_in": answer.tokens_in,
            "tokens_out": answer.tokens_out,
        }


def _ask(engine: Engine, asked: dict[str, ProfileRequest]) -> Iterator[tuple[str, Answer]]:
    """Yield the engine's answers by address, checked: one with a text for each request."""
    waiting = {request.key: address for address, request in asked.items()}
    for answer in engine.write(list(asked.values())) if asked else ():
        address = waiting.pop(answer.key, None)
        if address is None:
            raise ModelError(f"The engine {engine.name} answered key {answer.key}, which it was not asked, or twice.")
        if not answer.text.strip():
            raise ModelError(f"The engine {engine.name} gave key {answer.key} an empty text; it must replace or raise.")
        yield address, answer
    if waiting:
        raise ModelError(
            f"The engine {engine.name} left {len(waiting)} of {len(asked)} requests unanswered, the first with key "
            f"{min(waiting)}. Run the stage again: answers that are paid for are kept."
        )


def _to_store(address: str, engine: Engine, answer: Answer) -> StoredAnswer:
    return StoredAnswer(address, engine.identity, answer.text, answer.engine, answer.tokens_in, answer.tokens_out)


def _from_store(row: StoredAnswer) -> Answer:
    return Answer(-1, row.text, row.engine, row.tokens_in, row.tokens_out)
