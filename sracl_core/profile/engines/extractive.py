"""The engine without a model: a paragraph put together from the most telling attributes.

What tells most comes first, since an encoder cuts long texts, and texts are short, since encoding costs by the token.
"""

from collections.abc import Iterable, Iterator

from sracl_core.profile.engines.protocol import Answer, EngineSettings
from sracl_core.profile.prompting.catalogue import cut
from sracl_core.profile.prompting.requests import HistoryItem, ItemFacts, ProfileRequest, UserFacts
from sracl_core.profile.prompting.words import Vocabulary, heaviest, words_of

# An item of the past counts this much of the next one: half after three items.
RECENCY = 0.8
THEMES, BRANDS, RECENT = 8, 2, 2
TITLE_CHARACTERS = 50
ITEM_CATEGORIES, ITEM_WORDS, ITEM_COMPANIONS = 3, 8, 3


class Extractive:
    """Writes profiles from catalogue text alone; the same request always gets the same answer."""

    name = "extractive"
    identity = "extractive"
    paid = False
    repeatable = True

    def __init__(self, settings: EngineSettings) -> None:
        self._vocabulary = Vocabulary(settings.catalogue)
        self._themes: dict[HistoryItem, tuple[dict[str, float], str]] = {}

    def prompt(self, request: ProfileRequest) -> str:
        """Return the lines of `request`: there is no model to prompt."""
        return "\n".join(request.lines)

    def write(self, requests: Iterable[ProfileRequest]) -> Iterator[Answer]:
        """Yield one answer a request, in order."""
        for request in requests:
            facts = request.facts
            text = self._item(facts) if isinstance(facts, ItemFacts) else self._user(facts)
            yield Answer(request.key, text, self.name)

    def note(self) -> str:
        """Return "": there is nothing to say."""
        return ""

    account = note

    def _item(self, facts: ItemFacts) -> str:
        card = facts.card
        categories = heaviest(self._vocabulary.category_weights(card.categories), ITEM_CATEGORIES)
        said = set(words_of(" ".join([card.title, card.brand, *categories])))
        about = self._vocabulary.word_weights(" ".join([card.description, *(value for _, value in card.attributes)]))
        words = heaviest({word: weight for word, weight in about.items() if word not in said}, ITEM_WORDS)
        companions = dict.fromkeys(cut(context[-1], TITLE_CHARACTERS) for context in facts.contexts)
        brand = card.brand if card.brand.lower() not in card.title.lower() else ""
        parts = [card.title, ", ".join(categories), brand, ", ".join(words)]
        if not any(parts):
            parts = [f"Item {card.item_id}, of which the catalogue says nothing"]
        if companions:
            parts.append("chosen after " + "; ".join(list(companions)[:ITEM_COMPANIONS]))
        return _sentences(parts)

    def _user(self, facts: UserFacts) -> str:
        themes: dict[str, float] = {}
        brands: dict[str, float] = {}
        weight = 1.0
        for item in reversed(facts.history):
            words, _ = self._of(item)
            for theme, value in words.items():
                themes[theme] = themes.get(theme, 0.0) + weight * value
            if item.brand:
                brands[item.brand] = brands.get(item.brand, 0.0) + weight
            weight *= RECENCY
        recent = dict.fromkeys(self._of(item)[1] for item in reversed(facts.history[-RECENT:]))
        return _sentences(["; ".join(recent), ", ".join(heaviest(themes, THEMES)), ", ".join(heaviest(brands, BRANDS))])

    def _of(self, item: HistoryItem) -> tuple[dict[str, float], str]:
        """The themes of one item of a history and its short title, worked out once."""
        found = self._themes.get(item)
        if found is None:
            themes = self._vocabulary.category_weights(item.categories)
            words = self._vocabulary.word_weights(item.title)
            for word in words_of(" ".join([item.brand, *themes])):
                words.pop(word, None)
            found = self._themes[item] = ({**themes, **words}, cut(item.title, TITLE_CHARACTERS).rstrip(" ,;-(&"))
        return found


def _sentences(parts: list[str]) -> str:
    return " ".join(part[0].upper() + part[1:].rstrip(" .") + "." for part in parts if part)


PLUGIN = Extractive
