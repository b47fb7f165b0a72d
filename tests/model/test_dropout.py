"""Dropout: the right share, the right mean, one mask for values and gradients, seeded."""

import pytest
import torch

from sracl_core.model.dropout import Dropout, dropout


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5, 0.9])
def test_share_and_mean(rate: float) -> None:
    torch.manual_seed(1)
    seen = dropout(torch.ones(999, 1001), rate)
    assert abs((seen == 0).double().mean().item() - rate) < 0.002
    assert abs(seen.double().mean().item() - 1) < 0.01
    assert seen.unique().numel() == 2


def test_draws_are_independent_of_their_neighbours() -> None:
    """Four values share a draw: their masks must not."""
    torch.manual_seed(2)
    kept = (dropout(torch.ones(250_000, 4), 0.5) > 0).double()
    correlation = torch.corrcoef(kept.T)
    assert (correlation - torch.eye(4)).abs().max() < 0.01


def test_values_and_gradients_share_the_mask() -> None:
    torch.manual_seed(3)
    values = torch.randn(7, 5, dtype=torch.float64, requires_grad=True)
    seen = dropout(values, 0.4)
    (gradient,) = torch.autograd.grad(seen.sum(), values)
    torch.testing.assert_close(seen, values * gradient)
    assert 0 < (gradient == 0).sum() < gradient.numel()


def test_a_seed_decides() -> None:
    masks = []
    for seed in (4, 4, 5):
        torch.manual_seed(seed)
        masks.append(dropout(torch.ones(31), 0.5))
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


def test_nothing_is_dropped_in_eval_mode_or_at_rate_0() -> None:
    values = torch.randn(3, 4)
    assert Dropout(0.5).eval()(values) is values
    state = torch.get_rng_state()
    assert Dropout(0.0)(values) is values
    assert torch.equal(torch.get_rng_state(), state)


def test_shapes_of_every_size() -> None:
    for count in range(9):
        assert dropout(torch.ones(count), 0.5).shape == (count,)
