"""Which samples of a batch are no negatives of each other."""

import torch

from sracl_core.objectives.shared.negatives import NegativesParams, excluded_negatives

TARGETS = torch.tensor([7, 3, 7, 5])
ROWS = torch.tensor([10, 11, 12, 13])
POOL = torch.tensor([[11, 50], [60, 61], [13, 10], [70, 12]])  # 0 names 1; 2 names 3 and 0; 3 names 2


def pairs(mask_same_target: bool, mask_pool: bool) -> set[tuple[int, int]]:
    """The excluded pairs besides each sample with itself."""
    params = NegativesParams(mask_same_target=mask_same_target, mask_pool=mask_pool)
    excluded = excluded_negatives(params, TARGETS, ROWS, POOL)
    assert excluded is not None
    return {(i, j) for i, j in excluded.nonzero().tolist() if i != j}


def test_nothing_is_left_out_by_default() -> None:
    assert excluded_negatives(NegativesParams(), TARGETS, ROWS, POOL) is None


def test_the_same_next_item() -> None:
    assert pairs(mask_same_target=True, mask_pool=False) == {(0, 2), (2, 0)}


def test_one_in_the_pool_of_the_other_masks_both_ways() -> None:
    assert pairs(mask_same_target=False, mask_pool=True) == {(0, 1), (1, 0), (0, 2), (2, 0), (2, 3), (3, 2)}


def test_both_together() -> None:
    both = pairs(mask_same_target=True, mask_pool=True)
    assert both == pairs(mask_same_target=True, mask_pool=False) | pairs(mask_same_target=False, mask_pool=True)
