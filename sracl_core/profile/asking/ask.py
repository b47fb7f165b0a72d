"""Each prompt asked once, by whichever run claims it first; the others wait for its answer.

A claim (store/claims.py) is given up when the answer is in the store. So whoever gets one finds the answer there, or is
the one to ask: the run that had it before was killed, or got no good answer. A run waits for others only while it holds
no claim, so no two can wait for each other.
"""

import time
from collections.abc import Iterator
from typing import Literal

from sracl_core.ground.errors import ModelError
from sracl_core.profile.engines.protocol import Answer, Engine, StopsEarly
from sracl_core.profile.prompting.requests import ProfileRequest
from sracl_core.profile.store.answers import StoreWriter
from sracl_core.profile.store.stored import StoredAnswer, fault_of
from sracl_core.progress import tell

Asked = dict[str, ProfileRequest]  # requests by the address of their answer
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 2.0  # between two looks at the claims of others


def ask_once(
    asked: Asked, engine: Engine, writer: StoreWriter | None, may_replace: float
) -> Iterator[tuple[str, Answer, Literal["engine", "store"]]]:
    """Yield an answer for each address in `asked`, as they come, and where it is from.

    Without a `writer` the engine is asked for all. With one, just for those that no other run is asking for: a new
    answer is in the store before it is yielded, and those of other runs are taken from there as they come. Where a run
    ends without an answer that it claimed, it is asked for here. At most `may_replace` answers may be replaced.
    Raises ModelError as the engine does, and where it leaves a request without a text that can be stored.
    """
    if writer is None:
        yield from ((address, answer, "engine") for address, answer in _ask(engine, asked, may_replace))
        return
    left, wait = dict(asked), FIRST_WAIT_S
    while left:
        claimed = writer.claims.take(left)
        try:
            # Another run may have answered it, and given up its claim, since the store was looked into.
            for address, row in writer.store.find(sorted(claimed)).items():
                del left[address]
                yield address, from_store(row), "store"
            own = {address: request for address, request in left.items() if address in claimed}
            for address, answer in _ask(engine, own, may_replace):
                if answer.replaced:  # no answer of this engine: the next run asks again
                    may_replace -= 1
                else:
                    writer.add(to_store(address, engine, answer))
                writer.claims.release([address])
                claimed.discard(address)
                del left[address]
                yield address, answer, "engine"
        finally:
            writer.claims.release(claimed)
        if left:
            if not writer.told_of_waiting:
                tell(
                    f"{len(left):,} answers are being asked for by another run. This one waits for them, and asks for "
                    "those that the other ends without."
                )
                writer.told_of_waiting = True
            time.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)


def to_store(address: str, engine: Engine, answer: Answer) -> StoredAnswer:
    """Return `answer` as the store keeps it."""
    return StoredAnswer(address, engine.identity, answer.text, answer.engine, answer.tokens_in, answer.tokens_out)


def from_store(row: StoredAnswer) -> Answer:
    """Return an answer from the store; its key is that of no request."""
    return Answer(-1, row.text, row.engine, row.tokens_in, row.tokens_out)


def _ask(engine: Engine, asked: Asked, may_replace: float) -> Iterator[tuple[str, Answer]]:
    """Yield the engine's answers by address, checked: for each request one that can be stored."""
    if isinstance(engine, StopsEarly):
        engine.may_replace = may_replace
    waiting = {request.key: address for address, request in asked.items()}
    for answer in engine.write(list(asked.values())) if asked else ():
        address = waiting.pop(answer.key, None)
        if address is None:
            raise ModelError(f"The engine {engine.name} answered key {answer.key}, which it was not asked, or twice.")
        if not answer.text.strip():
            raise ModelError(f"The engine {engine.name} gave key {answer.key} an empty text; it must replace or raise.")
        if fault := fault_of(to_store(address, engine, answer)):
            raise ModelError(f"The engine {engine.name} gave key {answer.key} an answer that can't be kept: {fault}.")
        yield address, answer
    if waiting:
        raise ModelError(
            f"The engine {engine.name} left {len(waiting)} of {len(asked)} requests unanswered, the first with key "
            f"{min(waiting)}. Run it again" + ("; the answers that came are kept." if engine.paid else ".")
        )
