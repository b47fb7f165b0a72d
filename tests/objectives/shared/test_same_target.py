"""The index by target: what may be drawn for a prefix, and how evenly."""

from collections import Counter

import torch

from sracl_core.batching.sequences import Sequences
from sracl_core.objectives.shared.same_target import SameTarget

# Three users: 1 2 3, 2 3 1 3 and 1 alone. Item 3 follows at positions 1, 3 and 5, items 2 and 1 each once.
SEQUENCES = Sequences(torch.tensor([1, 2, 3, 2, 3, 1, 3, 1]), torch.tensor([0, 3, 7, 8]))


def drawn(position: int, count: int = 3000) -> Counter:
    positions = torch.full((count,), position)
    return Counter(SameTarget(SEQUENCES).draw(positions, torch.Generator().manual_seed(1)).tolist())


def test_another_prefix_with_the_same_target_each_as_likely() -> None:
    for position, others in ((1, {3, 5}), (3, {1, 5}), (5, {1, 3})):
        found = drawn(position)
        assert set(found) == others
        assert all(abs(count - 1500) < 140 for count in found.values()), found  # five standard deviations


def test_a_prefix_that_is_alone_with_its_target_stands_for_itself() -> None:
    assert set(drawn(0)) == {0}
    assert set(drawn(4)) == {4}


def test_the_end_of_a_user_is_no_prefix_of_the_next_ones_item() -> None:
    assert sorted(SameTarget(SEQUENCES).positions.tolist()) == [0, 1, 3, 4, 5]


def test_a_draw_that_rounds_up_does_not_come_back_to_itself() -> None:
    items = torch.ones(2 * 2**12, dtype=torch.int64)  # so many others that a draw close to 1 rounds up
    index = SameTarget(Sequences(items, torch.arange(0, len(items) + 2, 2)))
    positions = torch.arange(0, len(items), 2).repeat(50)
    assert (index.draw(positions, torch.Generator().manual_seed(2)) != positions).all()
