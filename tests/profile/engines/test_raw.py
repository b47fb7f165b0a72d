"""The engine raw: the catalogue's own text, and the titles of a history."""

from sracl_core.params.profile import ItemProfileParams, UserProfileParams
from sracl_core.profile.contexts import draw_contexts
from sracl_core.profile.engines.raw import PLUGIN, item_text
from sracl_core.profile.prefixes import build_prefixes
from sracl_core.profile.prompting.catalogue import Catalogue, ItemCard
from sracl_core.profile.prompting.requests import ItemFacts, item_requests, user_requests
from tests.profile.engines.test_extractive import ITEMS_TABLE, SEQUENCES, SETTINGS


def test_an_item_text_is_all_that_the_catalogue_says_and_nothing_of_others() -> None:
    card = ItemCard("A1", "Kettle", "Kiln", ("Home", "Kettles"), "9.99", "It whistles!", (("Color", "red"),))
    facts = ItemFacts(card, (("Green tea", "Black tea"),))
    assert item_text(facts) == "Kettle. Kiln. Home, Kettles. 9.99. It whistles! Color: red."


def test_an_item_without_text_is_called_by_its_id() -> None:
    assert item_text(ItemFacts(Catalogue.from_table(ITEMS_TABLE)[7], ())) == "Item A7"


def test_a_user_text_is_the_titles_the_newest_first() -> None:
    prefixes = build_prefixes(SEQUENCES, UserProfileParams(per="user"))
    requests = user_requests(ITEMS_TABLE, prefixes, SEQUENCES, UserProfileParams())
    texts = [answer.text for answer in PLUGIN(SETTINGS).write(requests)]
    assert texts[0] == "Steel kettle. Black tea. Green tea."
    assert texts[2] == "item A7. item A7."


def test_the_same_requests_get_the_same_texts_in_their_order() -> None:
    contexts = draw_contexts(SEQUENCES, ITEMS_TABLE["item_id"].to_pylist(), 3, 10, 7)
    requests = list(item_requests(ITEMS_TABLE, contexts, SEQUENCES, ItemProfileParams()))
    first, second = (list(PLUGIN(SETTINGS).write(requests)) for _ in range(2))
    assert first == second and [answer.key for answer in first] == list(range(1, 8))
    assert {answer.engine for answer in first} == {"raw"} and "companion" not in " ".join(a.text for a in first)
