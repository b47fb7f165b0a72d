"""The engine without a model: short, telling, honest."""

import pyarrow as pa
import pytest

from sracl_core.params.profile import ItemProfileParams, LlmParams, UserProfileParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.contexts import draw_contexts
from sracl_core.profile.engines.extractive import PLUGIN
from sracl_core.profile.engines.protocol import EngineSettings
from sracl_core.profile.prefixes import build_prefixes
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.requests import item_requests, user_requests
from sracl_core.profile.prompting.words import Vocabulary, heaviest
from sracl_core.ragged import Ragged
from sracl_core.schemas.ingest import ITEMS

TITLES = ["Green tea", "Black tea", "Steel kettle", "Glass kettle", "Oak chair", "Oak table", None]
ITEMS_TABLE = pa.table(
    {
        "item": range(1, 8),
        "item_id": [f"A{item}" for item in range(1, 8)],
        "title": TITLES,
        "brand": ["Sencha", "Assam", "Kiln", "Kiln", "Wald", "Wald", None],
        "categories": [["Home", kind] for kind in ("Tea", "Tea", "Kettles", "Kettles", "Furniture", "Furniture")]
        + [[]],
        "description": ["fresh spring leaves", "malty leaves", "whistling", "whistling spring", None, None, None],
        "price": [None] * 7,
        "attributes": [[]] * 7,
    },
    schema=ITEMS,
)
SEQUENCES = Ragged.from_lists([[1, 2, 3, 5], [6, 5, 4], [7, 7, 1]])
SETTINGS = EngineSettings(
    Catalogue.from_table(ITEMS_TABLE), "products", UserProfileParams(), LlmParams(), RuntimeParams()
)
ENGINE = PLUGIN(SETTINGS)


def item_texts() -> list[str]:
    contexts = draw_contexts(SEQUENCES, ITEMS_TABLE["item_id"].to_pylist(), 3, 10, 7)
    return [a.text for a in ENGINE.write(item_requests(ITEMS_TABLE, contexts, SEQUENCES, ItemProfileParams()))]


def user_texts(per: str = "prefix") -> list[str]:
    prefixes = build_prefixes(SEQUENCES, UserProfileParams(per="user" if per == "user" else "prefix"))
    return [a.text for a in ENGINE.write(user_requests(ITEMS_TABLE, prefixes, SEQUENCES, UserProfileParams()))]


def test_an_item_text_begins_with_its_title_and_names_what_tells() -> None:
    green = item_texts()[0]
    assert green.startswith("Green tea.")
    for telling in ("Tea", "Sencha", "Leaves", "spring", "A7"):
        assert telling in green
    assert "after Green tea" in item_texts()[1]


def test_an_item_without_text_is_said_to_have_none() -> None:
    assert item_texts()[6].startswith("Item A7, of which the catalogue says nothing.")


def test_a_user_text_names_themes_brands_and_the_latest_titles_first() -> None:
    text = user_texts("user")[0]
    assert text.startswith("Steel kettle; Black tea.")
    assert "Tea" in text
    assert "Kiln" in text


def test_recent_themes_outweigh_old_ones() -> None:
    histories = Ragged.from_lists([[5, 1, 3], [1, 5, 3]])
    prefixes = build_prefixes(histories, UserProfileParams(per="user"))
    oak_first, tea_first = (
        a.text for a in ENGINE.write(user_requests(ITEMS_TABLE, prefixes, histories, UserProfileParams()))
    )
    assert oak_first.index("Tea,") < oak_first.index("Furniture")
    assert tea_first.index("Furniture") < tea_first.index("Tea")


def test_texts_are_never_empty_and_the_same_twice() -> None:
    texts = item_texts() + user_texts()
    assert all(text.strip() for text in texts)
    assert texts == item_texts() + user_texts()


def test_a_user_text_is_short_whatever_the_history() -> None:
    histories = Ragged.from_lists([[1, 2, 3, 4, 5, 6] * 10])
    prefixes = build_prefixes(histories, UserProfileParams(per="user", window=50))
    answer = next(iter(ENGINE.write(user_requests(ITEMS_TABLE, prefixes, histories, UserProfileParams()))))
    assert len(answer.text) < 400
    assert (answer.engine, answer.tokens_in) == ("extractive", None)


def test_the_vocabulary_leaves_out_what_tells_nothing() -> None:
    vocabulary = Vocabulary(Catalogue.from_table(ITEMS_TABLE))
    assert list(vocabulary.category_weights(["Home", "Tea", "Nowhere"])) == ["Home", "Tea"]
    weights = vocabulary.category_weights(["Home", "Tea"])
    assert weights["Tea"] > weights["Home"]
    assert not vocabulary.word_weights("malty 35 of")  # in one item only; no word; too short
    assert vocabulary.word_weights("oak oak")["oak"] > vocabulary.word_weights("oak")["oak"]


@pytest.mark.parametrize(("count", "expected"), [(0, []), (2, ["c", "a"]), (9, ["c", "a", "b"])])
def test_heaviest(count: int, expected: list[str]) -> None:
    assert heaviest({"b": 1.0, "a": 1.0, "c": 2.0}, count) == expected
