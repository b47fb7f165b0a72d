"""Semantic substitution: at the given rate, from the pool alone, uniformly."""

import pytest
import torch

from sracl_core.training.substitution import substitute

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
