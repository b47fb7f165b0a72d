"""The engine table: texts that a team brings along, by item and by prefix; the engine extractive fills the gaps."""

from collections.abc import Iterable, Iterator

from sracl_core.profile.engines.extractive import Extractive
from sracl_core.profile.engines.protocol import Answer, EngineSettings
from sracl_core.profile.prompting.requests import ItemFacts, ProfileRequest


class Table:
    """Looks up the texts in `settings.texts`.

    A text that is not there is replaced, and counted against `profile.max_fallback`. Where no file of this kind is
    named, nothing is missing: the engine extractive was asked for.
    """

    name = "table"
    identity = "table"
    paid = False

    def __init__(self, settings: EngineSettings) -> None:
        self._texts, self._instead = settings.texts, Extractive(settings)
        self._found = self._missing = 0

    def prompt(self, request: ProfileRequest) -> str:
        """Return which text is wanted: equal histories of two users may have different ones."""
        return f"{'item' if isinstance(request.facts, ItemFacts) else 'prefix'} {request.key}"

    def write(self, requests: Iterable[ProfileRequest]) -> Iterator[Answer]:
        """Yield one answer a request, in order."""
        for request in requests:
            text = self._text(request)
            if text is not None:
                self._found += 1
                yield Answer(request.key, text, self.name)
                continue
            [answer] = self._instead.write([request])
            replaced = self._texts is not None
            self._missing += replaced
            yield Answer(
                answer.key, answer.text, answer.engine, replaced=replaced, why=_why(request) if replaced else ""
            )

    def note(self) -> str:
        """Return "": there is nothing to wait for."""
        return ""

    def account(self) -> str:
        """Return how many texts were there."""
        if self._texts is None:
            return "no file of this kind is named, so all are extractive"
        return f"{self._found} found, {self._missing} missing and extractive"

    def _text(self, request: ProfileRequest) -> str | None:
        texts, facts = self._texts or {}, request.facts
        if isinstance(facts, ItemFacts):
            return texts.get((request.key,))
        return texts.get((facts.user, facts.end), texts.get((facts.user, 0)))


def _why(request: ProfileRequest) -> str:
    facts = request.facts
    if isinstance(facts, ItemFacts):
        return f"there is no text of the item {facts.card.item_id!r}"
    return f"there is no text of the first {facts.end} items of user {facts.user} (numbered as in users.parquet)"


PLUGIN = Table
