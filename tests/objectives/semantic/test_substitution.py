"""Semantic substitution: at the given rate, from the pool alone, uniformly."""

import pytest
import torch

from sracl_core.batching.windows import Windows
from sracl_core.objectives.semantic.substitution import substitute, view_windows

POOL = torch.tensor([[0, 0], [2, 3], [1, 3], [1, 2]])  # row 0 is padding


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_rate_zero_changes_nothing_and_rate_one_changes_all() -> None:
    items = torch.tensor([1, 2, 3, 1])
    assert torch.equal(substitute(items, POOL, 0.0, seeded()), items)
    replaced = substitute(items, POOL, 1.0, seeded())
    assert (replaced != items).all()
    assert all(new in POOL[old] for old, new in zip(items.tolist(), replaced.tolist(), strict=True))


def test_rate_and_uniform_choice() -> None:
    items = torch.ones(20_000, dtype=torch.int64)
    replaced = substitute(items, POOL, 0.2, seeded())
    counts = torch.bincount(replaced, minlength=4) / len(items)
    # Standard error of these shares is below 0.003.
    assert counts.tolist() == pytest.approx([0.0, 0.8, 0.1, 0.1], abs=0.015)


def test_the_seed_decides() -> None:
    items = torch.randint(1, 4, (100,), generator=seeded(5))
    assert torch.equal(substitute(items, POOL, 0.5, seeded(1)), substitute(items, POOL, 0.5, seeded(1)))
    assert not torch.equal(substitute(items, POOL, 0.5, seeded(1)), substitute(items, POOL, 0.5, seeded(2)))


ITEMS = torch.tensor([1, 2, 3, 1, 2, 3, 1])
BEGINS, LASTS = torch.tensor([1, 0, 4]), torch.tensor([2, 0, 6])
POOL_OF_ONE = torch.tensor([[0], [11], [12], [13]])


def views(rate: float, own: slice | None = None) -> Windows:
    return view_windows(ITEMS, BEGINS, LASTS, item_pool=POOL_OF_ONE, rate=rate, generator=seeded(), own=own)


def test_views_are_the_prefixes_twice_substituted_and_read_at_their_ends() -> None:
    for rate, prefixes in ((0.0, [2, 3, 1, 2, 3, 1]), (1.0, [12, 13, 11, 12, 13, 11])):
        assert views(rate).items.tolist() == prefixes * 2
    assert views(0.5).lengths.tolist() == [2, 1, 3] * 2
    assert views(0.5).read.tolist() == [1, 2, 5, 7, 8, 11]


def test_the_two_views_of_a_prefix_are_drawn_apart() -> None:
    generator, items = seeded(), torch.arange(1, 4).repeat(100)
    ends = torch.tensor([len(items) - 1])
    found = view_windows(items, torch.tensor([0]), ends, item_pool=POOL_OF_ONE, rate=0.5, generator=generator)
    first, second = found.items.chunk(2)
    assert 0.4 < (first != second).float().mean() < 0.6


@pytest.mark.parametrize("own", [slice(0, 1), slice(1, 3), slice(2, 2), slice(0, 3)])
def test_processes_that_share_the_prefixes_draw_the_same(own: slice) -> None:
    joint, share = views(0.5), views(0.5, own)
    expected = [window for view in (0, 3) for window in joint.items.split(joint.lengths.tolist())[view : view + 3][own]]
    assert share.items.tolist() == [item for window in expected for item in window.tolist()]
    assert share.lengths.tolist() == [len(window) for window in expected]
    assert share.read.tolist() == (share.lengths.cumsum(0) - 1).tolist()
