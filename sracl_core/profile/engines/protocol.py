"""What a profile engine is: it reads requests and answers each with a text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from sracl_core.profile.catalogue import Catalogue
from sracl_core.profile.requests import ProfileRequest


@dataclass(frozen=True, slots=True)
class Answer:
    """The text for the request `key`. `engine` names who wrote it; tokens are None where no model counted them."""

    key: int
    text: str
    engine: str
    tokens_in: int | None = None
    tokens_out: int | None = None


class Engine(Protocol):
    """Writes profiles.

    `name` is what its own answers carry as `engine`; an answer by another name is a replacement, counted against
    `profile.max_fallback` and never stored. `identity` is all that decides an answer besides the prompt: model,
    revision, decoding; no address and no secret. `paid` answers are kept in the store and never asked for twice.
    """

    name: str
    identity: str
    paid: bool

    def write(self, requests: Iterable[ProfileRequest]) -> Iterator[Answer]:
        """Yield exactly one non-empty answer a request, as they come, in any order."""
        ...


class EngineFactory(Protocol):
    """What a module's PLUGIN is: makes the engine for a catalogue."""

    def __call__(self, catalogue: Catalogue) -> Engine:
        """Return the engine; raises ModelError when its model cannot be had."""
        ...
