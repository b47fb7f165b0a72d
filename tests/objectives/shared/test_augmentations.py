"""Crop, mask and reorder: how much they change, where, and how evenly chance decides."""

from collections import Counter

import pytest
import torch

from sracl_core.objectives.shared.augmentations import CROP, MASK, REORDER, Draws, augment, draw_pairs

WINDOW = [11, 12, 13, 14, 15]
RATES = (0.6, 0.4, 0.6)  # of five items: 3, 2 and 3


def augmented(kind: int, count: int = 6000) -> list[tuple[int, ...]]:
    """What becomes of that window, again and again."""
    generator = torch.Generator().manual_seed(3)
    lengths = torch.full((count,), len(WINDOW))
    starts, order = torch.rand(count, generator=generator), torch.rand(5 * count, generator=generator)
    items, begins, sizes = augment(
        torch.tensor(WINDOW).repeat(count), lengths, Draws(torch.full((count,), kind), starts, order), RATES
    )
    ends = (begins + sizes).tolist()
    return [tuple(items[begin:end].tolist()) for begin, end in zip(begins.tolist(), ends, strict=True)]


def assert_even(found: Counter, expected: int) -> None:
    """All outcomes are there, each about as often."""
    assert len(found) == expected
    share = sum(found.values()) / expected
    # Five standard deviations of a binomial count.
    assert all(abs(count - share) < 5 * share**0.5 for count in found.values()), found


def test_a_crop_is_a_run_that_begins_anywhere() -> None:
    found = Counter(augmented(CROP))
    assert set(found) == {(11, 12, 13), (12, 13, 14), (13, 14, 15)}
    assert_even(found, 3)


def test_a_mask_takes_any_two_items_and_leaves_the_others_in_place() -> None:
    found = Counter(augmented(MASK))
    assert all(item in (0, original) for view in found for item, original in zip(view, WINDOW, strict=True))
    assert {view.count(0) for view in found} == {2}
    assert_even(found, 10)


def test_a_reordering_shuffles_one_run() -> None:
    found = Counter(augmented(REORDER))
    assert all(sorted(view) == WINDOW for view in found)
    runs = [WINDOW[start : start + 3] for start in range(3)]
    possible = {
        (*WINDOW[:start], *(run[place] for place in places), *WINDOW[start + 3 :])
        for start, run in enumerate(runs)
        for places in [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    }
    assert set(found) == possible
    assert_even(Counter(view for view in augmented(REORDER) if view[0] == 13), 2)  # of the first run alone


@pytest.mark.parametrize("kind", [CROP, MASK, REORDER])
def test_a_window_of_one_item_is_left_as_it_is_by_small_rates(kind: int) -> None:
    draws = Draws(torch.tensor([kind]), torch.tensor([0.99]), torch.tensor([0.5]))
    items, begins, lengths = augment(torch.tensor([7]), torch.tensor([1]), draws, RATES)
    assert (items.tolist(), begins.tolist(), lengths.tolist()) == ([7], [0], [1])


def test_both_views_get_different_augmentations_every_pair_as_often() -> None:
    draws = draw_pairs(torch.ones(6000, dtype=torch.int64), torch.Generator().manual_seed(1))
    pairs = Counter(zip(*(half.tolist() for half in draws.kinds.chunk(2)), strict=True))
    assert all(first != second for first, second in pairs)
    assert_even(pairs, 6)


def test_a_start_beside_one_stays_inside() -> None:
    """A draw times the room may round up to the room itself."""
    draws = Draws(torch.tensor([CROP]), torch.tensor([1.0]), torch.rand(5))
    items, begins, lengths = augment(torch.tensor(WINDOW), torch.tensor([5]), draws, RATES)
    assert items[begins[0] : begins[0] + lengths[0]].tolist() == [13, 14, 15]
