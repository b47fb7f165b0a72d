"""The draw of item contexts: valid, complete, and independent of everything but the sequence itself."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.profile.contexts import draw_contexts
from sracl_core.ragged import Ragged
from sracl_core.schemas.profiles import CONTEXTS

N_ITEMS = 6
IDS = [f"id{item}" for item in range(1, N_ITEMS + 1)]
HISTORIES = st.lists(st.lists(st.integers(1, N_ITEMS), max_size=7), min_size=1, max_size=8)


def shown(histories: list[list[int]], ids: list[str], contexts: int = 2, seed: int = 7) -> dict[str, list[list[str]]]:
    """The contexts of each item by external ids, in drawn order."""
    rows = draw_contexts(Ragged.from_lists(histories), ids, contexts, 3, seed).to_pylist()
    found: dict[str, list[list[str]]] = {}
    for row in rows:
        part = histories[row["user"]][row["start"] : row["end"]]
        found.setdefault(ids[row["item"] - 1], []).append([ids[item - 1] for item in part])
    return found


@settings(max_examples=60, deadline=None)
@given(HISTORIES, st.integers(0, 3), st.integers(1, 3))
def test_rows_are_training_sequences_that_end_in_the_item(
    histories: list[list[int]], contexts: int, context_items: int
) -> None:
    table = draw_contexts(Ragged.from_lists(histories), IDS, contexts, context_items, 7)
    assert table.schema == CONTEXTS
    rows = [tuple(row.values()) for row in table.to_pylist()]
    assert len(set(rows)) == len(rows)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    for item, user, start, end in rows:
        assert histories[user][end - 1] == item
        assert start == max(0, end - 1 - context_items)
    for item in range(1, N_ITEMS + 1):
        sequences = {
            tuple(history[max(0, place - context_items) : place])
            for history in histories
            for place, other in enumerate(history)
            if other == item
        }
        with_earlier = sequences - {()}
        drawn = [end for other, _, _, end in rows if other == item]
        assert len(drawn) == min(contexts, len(with_earlier or sequences))
        assert all(end > 1 for end in drawn) or not with_earlier


@settings(max_examples=60, deadline=None)
@given(HISTORIES, st.randoms(use_true_random=False))
def test_numbers_and_order_of_users_and_items_do_not_matter(
    histories: list[list[int]], shuffler: random.Random
) -> None:
    users = list(range(len(histories)))
    items = list(range(1, N_ITEMS + 1))
    shuffler.shuffle(users)
    shuffler.shuffle(items)
    renumbered = [[items[item - 1] for item in histories[user]] for user in users]
    ids = [IDS[items.index(number)] for number in range(1, N_ITEMS + 1)]
    assert shown(renumbered, ids) == shown(histories, IDS)


@settings(max_examples=60, deadline=None)
@given(HISTORIES)
def test_a_new_item_leaves_the_others_as_they_were(histories: list[list[int]]) -> None:
    before = shown(histories, IDS)
    after = shown([[*history, N_ITEMS + 1] for history in histories], [*IDS, "new"])
    assert {item: drawn for item, drawn in after.items() if item != "new"} == before


def test_the_seed_decides_the_draw() -> None:
    histories = [[earlier, 6] for earlier in (1, 2, 3, 4, 5)] * 2
    draws = {str(shown(histories, IDS, seed=seed)) for seed in range(20)}
    assert len(draws) > 5


def test_every_occurrence_is_drawn_about_as_often() -> None:
    histories = [[earlier, 6] for earlier in (1, 2, 3, 4, 5)]
    counts = dict.fromkeys(IDS[:5], 0)
    for seed in range(1000):
        for context in shown(histories, IDS, contexts=1, seed=seed)["id6"]:
            counts[context[0]] += 1
    assert min(counts.values()) > 140
    assert max(counts.values()) < 260
