"""Which words of a catalogue tell one item from another."""

import math
import re
from collections import Counter
from collections.abc import Iterable

from sracl_core.profile.prompting.catalogue import Catalogue

# Letters only: sizes and model numbers tell items apart but name no theme.
_WORD = re.compile(r"[^\W\d_]{3,}")
# A word in more of the catalogue than this names nothing; one of a single item names no theme.
MOST_OF_CATALOGUE, FEWEST_ITEMS = 0.2, 2
# The rest of a long description is about the shop.
DESCRIPTION_CHARACTERS = 1000


def words_of(text: str) -> list[str]:
    """Return the words of `text`, in lower case and in order."""
    return _WORD.findall(text.lower())


class Vocabulary:
    """Inverse document frequencies of words and categories over a catalogue: item metadata alone, no interaction."""

    def __init__(self, catalogue: Catalogue) -> None:
        words: Counter[str] = Counter()
        categories: Counter[str] = Counter()
        for card in catalogue.cards:
            text = " ".join([card.title, card.brand, *card.categories, card.description[:DESCRIPTION_CHARACTERS]])
            words.update(set(words_of(text)))
            categories.update(set(card.categories))
        total = len(catalogue.cards)
        most = max(MOST_OF_CATALOGUE * total, FEWEST_ITEMS)
        self._words = {word: math.log(total / n) for word, n in words.items() if FEWEST_ITEMS <= n <= most}
        self._categories = {category: math.log(total / n) for category, n in categories.items()}

    def word_weights(self, text: str) -> dict[str, float]:
        """Return the telling words of `text` with tf-idf, tf on a log scale, in their order in the text."""
        counts = Counter(word for word in words_of(text) if word in self._words)
        return {word: (1 + math.log(count)) * self._words[word] for word, count in counts.items()}

    def category_weights(self, categories: Iterable[str]) -> dict[str, float]:
        """Return the categories that are not common to all items, with their idf."""
        return {name: idf for name in categories if (idf := self._categories.get(name, 0.0)) > 0}


def heaviest(weights: dict[str, float], count: int) -> list[str]:
    """Return the `count` heaviest keys, heaviest first, ties in alphabetical order."""
    return sorted(weights, key=lambda name: (-weights[name], name))[:count]
