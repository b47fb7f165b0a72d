"""The losses against hand-computed numbers, plain loops, and finite differences."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from sracl_core.model import losses
from sracl_core.model.chunks import chunked_cross_entropy
from sracl_core.model.losses import info_nce, next_item_loss, rows_at_once


def test_next_item_loss_by_hand() -> None:
    states = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    item_vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    targets = torch.tensor([1, 3])  # ids from 1: rows 0 and 2
    # Scores: (1, 0, 1) with target 1, and (0, 2, 2) with target 3.
    first = -math.log(math.e / (math.e + 1 + math.e))
    second = -math.log(math.e**2 / (1 + math.e**2 + math.e**2))
    assert next_item_loss(states, targets, item_vectors).item() == pytest.approx((first + second) / 2, rel=1e-6)


def test_info_nce_by_hand_with_dot_product() -> None:
    first = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    second = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    # Rows (1,0), (0,1), (2,0), (0,3); τ = 2. Similarities to all other rows, positive first:
    rows = [(2, 0, 0), (3, 0, 0), (2, 0, 0), (3, 0, 0)]
    expected = sum(-math.log(math.exp(p / 2) / (math.exp(p / 2) + 2)) for p, _, _ in rows) / 4
    assert info_nce(first, second, temperature=2.0, similarity="dot").item() == pytest.approx(expected, rel=1e-6)


def test_info_nce_by_hand_with_cosine() -> None:
    first = torch.tensor([[5.0, 0.0], [0.0, 1.0]])
    second = torch.tensor([[0.1, 0.0], [0.0, 7.0]])
    # Every positive has cosine 1, every negative 0; τ = 0.5.
    expected = -math.log(math.exp(2) / (math.exp(2) + 2))
    assert info_nce(first, second, temperature=0.5, similarity="cosine").item() == pytest.approx(expected, rel=1e-6)


def test_info_nce_by_hand_without_some_negatives() -> None:
    first = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    second = torch.tensor([[2.0, 0.0], [0.0, 3.0], [1.0, 0.0]])
    # Samples 0 and 1 are no negatives of each other; the diagonal must not take a positive away.
    excluded = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    # Each row: its positive, then the dot products with what is left (rows 0-2 are `first`, 3-5 are `second`).
    rows = [
        (2, [1, 1]),  # (1,0): (2,0); (1,1) (1,0)
        (3, [1, 0]),  # (0,1): (0,3); (1,1) (1,0)
        (1, [1, 1, 2, 3]),  # (1,1): (1,0); all others
        (2, [2, 2]),  # (2,0): (1,0); (1,1) (1,0)
        (3, [3, 0]),  # (0,3): (0,1); (1,1) (1,0)
        (1, [1, 0, 2, 0]),  # (1,0): (1,1); all others
    ]
    expected = sum(math.log(sum(map(math.exp, [p, *others]))) - p for p, others in rows) / 6
    found = info_nce(first, second, 1.0, "dot", excluded)
    assert found.item() == pytest.approx(expected, rel=1e-6)
    assert excluded[0, 0], "the caller's mask is left alone"


def test_a_row_without_negatives_has_no_loss() -> None:
    views = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    loss = info_nce(views, views * 2, 0.5, "cosine", torch.ones(3, 3, dtype=torch.bool))
    assert loss.item() == 0
    (gradient,) = torch.autograd.grad(loss, views)
    assert gradient.abs().sum() == 0


def plain_info_nce(
    first: torch.Tensor, second: torch.Tensor, temperature: float, similarity: str, excluded: torch.Tensor
) -> torch.Tensor:
    """One row at a time, one pair at a time."""
    views = [*first, *second]
    if similarity == "cosine":
        views = [view / view.norm() for view in views]
    each = []
    for row, view in enumerate(views):
        positive = (row + len(first)) % len(views)
        scores = [(view * views[positive]).sum() / temperature]
        for other, against in enumerate(views):
            if other not in (row, positive) and not excluded[row % len(first), other % len(first)]:
                scores.append((view * against).sum() / temperature)
        each.append(torch.stack(scores).exp().sum().log() - scores[0])
    return torch.stack(each).mean()


@settings(max_examples=30, deadline=None)
@given(
    batch=st.integers(1, 6),
    hidden=st.integers(1, 5),
    similarity=st.sampled_from(["dot", "cosine"]),
    temperature=st.sampled_from([0.2, 1.0]),
    share=st.sampled_from([0.0, 0.3, 1.0]),
    seed=st.integers(0, 1000),
)
def test_info_nce_equals_plain_loops_with_gradient(
    batch: int, hidden: int, similarity: str, temperature: float, *, share: float, seed: int
) -> None:
    random = torch.Generator().manual_seed(seed)
    views = [torch.randn(batch, hidden, generator=random, dtype=torch.float64) for _ in range(2)]
    excluded = torch.rand(batch, batch, generator=random) < share
    results = []
    for loss in (info_nce, plain_info_nce):
        leaves = [view.clone().requires_grad_() for view in views]
        value = loss(*leaves, temperature, similarity, excluded)
        results.append([value.detach(), *torch.autograd.grad(value, leaves)])
    for fast, plain in zip(*results, strict=True):
        torch.testing.assert_close(fast, plain)


def test_gradients_agree_with_finite_differences() -> None:
    random = torch.Generator().manual_seed(0)
    leaves = [torch.randn(3, 4, generator=random, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    excluded = torch.tensor([[False, True, False], [True, False, False], [False, False, False]])
    for similarity in ("dot", "cosine"):
        for mask in (None, excluded):
            assert torch.autograd.gradcheck(lambda a, b, s=similarity, m=mask: info_nce(a, b, 0.5, s, m), leaves)
    states, vectors = leaves
    assert torch.autograd.gradcheck(lambda s, v: next_item_loss(s, torch.tensor([1, 3, 2]), v), [states, vectors])


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
    monkeypatch.setattr(losses, "CPU_ROWS", 4)
    monkeypatch.setattr(losses, "CPU_SCORES_BYTES", 0)
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
            self.largest = max(self.largest, result.numel())
        return result
