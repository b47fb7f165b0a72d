"""What a profile engine is: it reads requests and answers each with a text."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from sracl_core.params.profile import ItemProfileParams, LlmParams, UserProfileParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.requests import ProfileRequest


@dataclass(frozen=True, slots=True)
class Answer:
    """The text for the request `key`. `engine` names who wrote it; tokens are None where no model counted them.

    A `replaced` answer was written by another engine than the one asked, which had failed: `why` is one line on that.
    """

    key: int
    text: str
    engine: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    replaced: bool = False
    why: str = ""


class Engine(Protocol):
    """Writes profiles.

    `identity` is all that decides an answer besides the prompt: model, revision, decoding; no address and no secret.
    `paid` answers are kept in the store and never asked for twice; replaced ones are counted against
    `profile.max_fallback` and never stored.

    A class of engines may say `repeatable = True` of itself: the same request always gets the same text, made of that
    request and the catalogue alone, without a model. The certificate then writes every text again, and compares.
    """

    name: str
    identity: str
    paid: bool

    def prompt(self, request: ProfileRequest) -> str:
        """Return the text that stands for what is sent for `request`: with `identity` it addresses the answer."""
        ...

    def write(self, requests: Iterable[ProfileRequest]) -> Iterator[Answer]:
        """Yield exactly one non-empty answer a request, as they come, in any order."""
        ...

    def note(self) -> str:
        """Return how the work goes, in a few words, for a progress bar; "" where there is nothing to say."""
        ...

    def account(self) -> str:
        """Return what the work came to, for the end of a run; "" where there is nothing to say."""
        ...


@runtime_checkable
class StopsEarly(Protocol):
    """An engine that wants to know how many of its answers may still be replaced, to stop when there will be more.

    `may_replace` is set before each call of `write`; it is infinite where nobody counts.
    """

    may_replace: float


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What an engine is made for: a catalogue, what its items are, the prompts of one kind, the model, the machine.

    `params` are the engine's own, of the class that it declares as `Params`. `texts` are those that a team brought
    (engine table), by (item,) or (user, end), where the end 0 stands for any; None where no file of this kind is named.
    """

    catalogue: Catalogue
    domain: str
    prompts: ItemProfileParams | UserProfileParams
    llm: LlmParams
    runtime: RuntimeParams
    params: Any = None
    texts: Mapping[tuple[int, ...], str] | None = None


class EngineFactory(Protocol):
    """What a module's PLUGIN is: makes the engine for its settings."""

    def __call__(self, settings: EngineSettings) -> Engine:
        """Return the engine; raises ModelError when its model cannot be had."""
        ...
