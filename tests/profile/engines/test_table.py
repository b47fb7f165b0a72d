"""The engine table: a text that was brought is taken as it is, a missing one is extractive and counted."""

from dataclasses import replace
from pathlib import Path

import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table
from sracl_core.ground.errors import ModelError
from sracl_core.params.profile import ItemProfileParams, UserProfileParams
from sracl_core.profile.asking.write import write_profile_table
from sracl_core.profile.contexts import draw_contexts
from sracl_core.profile.engines.table import PLUGIN, Table
from sracl_core.profile.prefixes import build_prefixes
from sracl_core.profile.prompting.requests import ProfileRequest, item_requests, user_requests
from tests.profile.engines.test_extractive import ITEMS_TABLE, SEQUENCES, SETTINGS, item_texts

Texts = dict[tuple[int, ...], str] | None


def engine(texts: Texts) -> Table:
    return PLUGIN(replace(SETTINGS, texts=texts))


def items() -> list[ProfileRequest]:
    contexts = draw_contexts(SEQUENCES, ITEMS_TABLE["item_id"].to_pylist(), 3, 10, 7)
    return list(item_requests(ITEMS_TABLE, contexts, SEQUENCES, ItemProfileParams()))


def users() -> list[ProfileRequest]:
    prefixes = build_prefixes(SEQUENCES, UserProfileParams())
    return list(user_requests(ITEMS_TABLE, prefixes, SEQUENCES, UserProfileParams()))


def test_items_have_their_own_texts_and_the_others_are_extractive() -> None:
    table = engine({(2,): "My text."})
    answers = list(table.write(items()))
    assert [answer.engine for answer in answers] == ["extractive", "table", *["extractive"] * 5]
    assert answers[1].text == "My text." and not answers[1].replaced
    assert [answer.text for answer in answers if answer.replaced] == [*item_texts()[:1], *item_texts()[2:]]
    assert answers[6].why == "there is no text of the item 'A7'"
    assert table.account() == "1 found, 6 missing and extractive"


def test_a_prefix_has_the_text_of_its_end_and_else_that_of_its_user() -> None:
    found = [answer.text for answer in engine({(0, 2): "two", (0, 0): "any", (1, 1): "one"}).write(users())]
    assert found[:4] == ["any", "two", "any", "one"]  # user 0 has the ends 1, 2, 3


def test_equal_histories_of_two_users_keep_their_own_texts(tmp_path: Path) -> None:
    """Equal prompts are asked once, so the prompt of this engine must tell them apart."""
    same = [replace(request, lines=("same",)) for request in users()]
    texts = {(request.facts.user, request.facts.end): f"text {request.key}" for request in same}  # type: ignore[union-attr]
    path, nobody = tmp_path / "p.parquet", Provenance("test", "", "")
    write_profile_table(path, same, engine(texts), None, nobody, max_fallback=0, total=len(same))
    assert read_table(path)["text"].to_pylist() == [f"text {request.key}" for request in same]


def test_without_a_file_of_the_kind_nothing_is_missing() -> None:
    table = engine(None)
    assert not any(answer.replaced for answer in table.write(items()))
    assert "no file of this kind is named" in table.account()


def test_too_many_missing_texts_end_the_run(tmp_path: Path) -> None:
    path, nobody = tmp_path / "p.parquet", Provenance("test", "", "")
    texts: Texts = {(item,): "text" for item in range(1, 7)}
    counts = write_profile_table(path, items(), engine(texts), None, nobody, max_fallback=0.2, total=7)
    assert counts.replaced == 1
    with pytest.raises(
        ModelError, match=r"(?s)above the share 0.1 that profile.max_fallback.*no text of the item 'A7'"
    ):
        write_profile_table(path, items(), engine(texts), None, nobody, max_fallback=0.1, total=7)
