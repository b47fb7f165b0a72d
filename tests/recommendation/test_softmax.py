"""The losses against hand-computed numbers, plain loops, and finite differences."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from sracl_core.recommendation import softmax
from sracl_core.recommendation.chunks import chunked_cross_entropy
from sracl_core.recommendation.softmax import next_item_loss, rows_at_once


def test_next_item_loss_by_hand() -> None:
    states = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    item_vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    targets = torch.tensor([1, 3])  # ids from 1: rows 0 and 2
    # Scores: (1, 0, 1) with target 1, and (0, 2, 2) with target 3.
    first = -math.log(math.e / (math.e + 1 + math.e))
    second = -math.log(math.e**2 / (1 + math.e**2 + math.e**2))
    assert next_item_loss(states, targets, item_vectors).item() == pytest.approx((first + second) / 2, rel=1e-6)


def test_next_item_loss_is_the_mean_over_positions() -> None:
    random = torch.Generator().manual_seed(1)
    states, vectors = torch.randn(7, 4, generator=random), torch.randn(9, 4, generator=random)
    targets = torch.randint(1, 10, (7,), generator=random)
    each = torch.stack([-F.log_softmax(s @ vectors.T, 0)[t - 1] for s, t in zip(states, targets, strict=True)])
    torch.testing.assert_close(next_item_loss(states, targets, vectors), each.mean())


@settings(max_examples=40, deadline=None)
@given(
    positions=st.integers(1, 12),
    n_items=st.integers(1, 9),
    hidden=st.integers(1, 4),
    rows=st.integers(1, 13),
    scale=st.sampled_from([1.0, 500.0]),
    seed=st.integers(0, 1000),
)
def test_chunked_cross_entropy_equals_the_plain_one_with_gradient(
    positions: int, n_items: int, hidden: int, *, rows: int, scale: float, seed: int
) -> None:
    """Whatever the chunks, whatever multiplies the loss, and for scores whose exponentials overflow."""
    random = torch.Generator().manual_seed(seed)
    states = scale * torch.randn(positions, hidden, generator=random, dtype=torch.float64)
    vectors = torch.randn(n_items, hidden, generator=random, dtype=torch.float64)
    targets = torch.randint(n_items, (positions,), generator=random)
    results = []
    for chunked in (True, False):
        leaves = [tensor.clone().requires_grad_() for tensor in (states, vectors)]
        if chunked:
            loss = chunked_cross_entropy(*leaves, targets, rows)
        else:
            loss = F.cross_entropy(leaves[0] @ leaves[1].T, targets)
        results.append([loss.detach(), *torch.autograd.grad(3 * loss, leaves)])
    for fast, plain in zip(*results, strict=True):
        torch.testing.assert_close(fast, plain)


def test_chunked_cross_entropy_agrees_with_finite_differences_and_can_be_used_twice() -> None:
    random = torch.Generator().manual_seed(0)
    states, vectors = (torch.randn(n, 3, generator=random, dtype=torch.float64).requires_grad_() for n in (5, 4))
    targets = torch.tensor([0, 3, 1, 1, 2])

    def loss(states: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        return chunked_cross_entropy(states, vectors, targets, rows=2)

    assert torch.autograd.gradcheck(loss, [states, vectors])
    assert torch.autograd.gradcheck(lambda s: loss(s, vectors.detach()), [states])
    assert torch.autograd.gradcheck(lambda v: loss(states.detach(), v), [vectors])
    value = loss(states, vectors)
    first = torch.autograd.grad(value, [states, vectors], retain_graph=True)
    again = torch.autograd.grad(value, [states, vectors])
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_scores_of_all_positions_are_never_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    random = torch.Generator().manual_seed(0)
    states, vectors = (torch.randn(n, 8, generator=random, requires_grad=True) for n in (64, 1000))
    targets = torch.randint(1, 1001, (64,), generator=random)
    monkeypatch.setattr(softmax, "CPU_ROWS", 4)
    monkeypatch.setattr(softmax, "CPU_SCORES_BYTES", 0)
    with Recorder() as recorder:
        chunked = next_item_loss(states, targets, vectors)
        chunked.backward()
    assert recorder.largest == vectors.numel(), "nothing is larger than the item vectors"
    torch.testing.assert_close(chunked, F.cross_entropy(states @ vectors.T, targets - 1))


@pytest.mark.parametrize(
    ("device", "n_items", "rows"),
    [
        ("cpu", 2_048, 256),  # as many as stay in the cache
        ("cpu", 100_000, 64),  # enough to multiply by
        ("cpu", 2**26, 1),  # no more than memory is meant for
        ("cuda", 2_048, 32_768),
        ("cuda", 2**20, 64),
        ("cuda", 2**30, 1),
    ],
)
def test_how_many_positions_are_scored_at_once(device: str, n_items: int, rows: int) -> None:
    assert rows_at_once(n_items, 4, torch.device(device)) == rows


class Recorder(TorchDispatchMode):
    """Notes the largest tensor that any operation makes."""

    largest = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            held = result._values() if result.is_sparse else result
            self.largest = max(self.largest, held.numel())
        return result
