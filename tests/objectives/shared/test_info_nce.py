"""The losses against hand-computed numbers, plain loops, and finite differences."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.objectives.shared.info_nce import info_nce
from sracl_core.recommendation.softmax import next_item_loss


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
