"""The engine of the paper's ablation "without LLM": the text as it is, nobody puts it into words.

An item's profile is its own text in the catalogue, and that of a prefix the titles of its history.
"""

from collections.abc import Iterable, Iterator

from sracl_core.profile.engines.protocol import Answer, EngineSettings
from sracl_core.profile.prompting.requests import ItemFacts, ProfileRequest, UserFacts


class Raw:
    """Writes down what a language model would be told of the catalogue, without companions from other histories."""

    name = "raw"
    identity = "raw"
    paid = False
    repeatable = True

    def __init__(self, settings: EngineSettings) -> None:
        pass

    def prompt(self, request: ProfileRequest) -> str:
        """Return the lines of `request`: there is no model to prompt."""
        return "\n".join(request.lines)

    def write(self, requests: Iterable[ProfileRequest]) -> Iterator[Answer]:
        """Yield one answer a request, in order."""
        for request in requests:
            facts = request.facts
            yield Answer(request.key, item_text(facts) if isinstance(facts, ItemFacts) else user_text(facts), self.name)

    def note(self) -> str:
        """Return "": there is nothing to say."""
        return ""

    account = note


def item_text(facts: ItemFacts) -> str:
    """Return title, brand, categories, price, description and attributes, in this order, those that there are."""
    card = facts.card
    attributes = "; ".join(f"{name}: {value}" for name, value in card.attributes)
    parts = [card.title, card.brand, ", ".join(card.categories), card.price, card.description, attributes]
    return _joined(parts) or f"Item {card.item_id}"


def user_text(facts: UserFacts) -> str:
    """Return the titles of the history, the newest first: an encoder that cuts a long text cuts its end."""
    return _joined([item.title for item in reversed(facts.history)])


def _joined(parts: list[str]) -> str:
    """`parts`, each with a full stop behind it unless it ends like a sentence."""
    told = [part.strip() for part in parts if part.strip()]
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in told)


PLUGIN = Raw
