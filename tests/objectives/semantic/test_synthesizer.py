"""The synthesizer against a hand-computed example and the equation written out."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from sracl_core.objectives.semantic.synthesizer import Mixture, Synthesizer, UniformSynthesizer


def mixed(synthesizer: nn.Module, anchors: Tensor, semantics: Tensor, states: Tensor) -> Tensor:
    """The positives, where only the states of kept candidates are given."""
    mixture = synthesizer(anchors, semantics)
    return mixture.mix(states[mixture.kept])


def test_by_hand() -> None:
    synthesizer = Synthesizer(semantic_dimension=2, hidden=1, dropout=0.0)
    with torch.no_grad():
        synthesizer.adapter.weight.copy_(torch.tensor([[1.0, -1.0]]))  # e W = e₁ − e₂
        synthesizer.attention.copy_(torch.tensor([2.0, 1.0]))
    anchor = torch.tensor([[1.0, 0.0]])  # e_u W = 1
    candidates_semantics = torch.tensor([[[3.0, 0.0], [0.0, 7.0]]])  # e_v W = 3 and −7
    states = torch.tensor([[[10.0], [20.0]]])
    # s = LeakyReLU(2·1 + 3) = 5 and LeakyReLU(2·1 − 7) = −5·0.2 = −1
    first = math.exp(5) / (math.exp(5) + math.exp(-1))
    expected = first * 10 + (1 - first) * 20
    assert mixed(synthesizer, anchor, candidates_semantics, states).item() == pytest.approx(expected, rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(batch=st.integers(1, 4), k=st.integers(1, 5), seed=st.integers(0, 1000))
def test_equals_the_equation_written_out(batch: int, k: int, seed: int) -> None:
    torch.manual_seed(seed)
    semantic_dimension, hidden = 6, 3
    synthesizer = Synthesizer(semantic_dimension, hidden, dropout=0.0).double()
    anchors = torch.randn(batch, semantic_dimension, dtype=torch.float64)
    semantics = torch.randn(batch, k, semantic_dimension, dtype=torch.float64)
    states = torch.randn(batch, k, hidden, dtype=torch.float64)
    W, a = synthesizer.adapter.weight.T, synthesizer.attention  # [D, d], [2d]
    for row in range(batch):
        scores = torch.stack(
            [torch.nn.functional.leaky_relu(a @ torch.cat([anchors[row] @ W, e @ W]), 0.2) for e in semantics[row]]
        )
        weights = scores.exp() / scores.exp().sum()
        expected = sum(w * h for w, h in zip(weights, states[row], strict=True))
        torch.testing.assert_close(mixed(synthesizer, anchors, semantics, states)[row], expected)


def test_gradient_reaches_adapter_attention_and_candidates() -> None:
    torch.manual_seed(0)
    synthesizer = Synthesizer(4, 3, dropout=0.0).double()
    anchors, semantics = torch.randn(2, 4).double(), torch.randn(2, 3, 4).double()
    states = torch.randn(2, 3, 3).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda h: mixed(synthesizer, anchors, semantics, h), [states])
    mixed(synthesizer, anchors, semantics, states).square().sum().backward()
    for leaf in (states, synthesizer.adapter.weight, synthesizer.attention):
        assert leaf.grad is not None
        assert leaf.grad.abs().sum() > 0


def test_dropout_acts_on_the_weights_in_training_alone() -> None:
    torch.manual_seed(0)
    synthesizer = Synthesizer(4, 3, dropout=0.5)
    anchors, semantics, states = torch.randn(50, 4), torch.randn(50, 4, 4), torch.ones(50, 4, 3)
    dropped = mixed(synthesizer, anchors, semantics, states)
    # Inverted dropout of weights that sum to 1: no longer exactly 1, still 1 on average.
    assert (dropped - 1).abs().max() > 0.1
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.25)
    torch.testing.assert_close(mixed(synthesizer.eval(), anchors, semantics, states), torch.ones(50, 3))


def test_uniform_is_the_plain_mean() -> None:
    states = torch.tensor([[[1.0, 2.0], [3.0, 6.0]]])
    anchors, semantics = torch.randn(1, 4), torch.randn(1, 2, 4)
    torch.testing.assert_close(mixed(UniformSynthesizer(), anchors, semantics, states), torch.tensor([[2.0, 4.0]]))


def test_candidates_with_a_dropped_weight_need_no_state() -> None:
    """The positives and all gradients are those of mixing every candidate's state."""
    torch.manual_seed(0)
    synthesizer = Synthesizer(4, 3, dropout=0.5).double()
    anchors, semantics = torch.randn(40, 4).double(), torch.randn(40, 10, 4).double()
    states = torch.randn(40, 10, 3).double().requires_grad_()
    mixture = synthesizer(anchors, semantics)
    assert mixture.kept.double().mean().item() == pytest.approx(0.5, abs=0.1)
    assert torch.equal(mixture.kept, mixture.weights > 0)
    found, plain = mixture.mix(states[mixture.kept]), (mixture.weights[..., None] * states).sum(dim=1)
    torch.testing.assert_close(found, plain)
    leaves = [states, *synthesizer.parameters()]
    direction = torch.randn_like(found)
    for one, other in zip(
        torch.autograd.grad(found, leaves, direction, retain_graph=True),
        torch.autograd.grad(plain, leaves, direction),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_all_candidates_of_an_anchor_may_be_dropped() -> None:
    mixture = Mixture(torch.tensor([[0.0, 0.0], [0.0, 2.0]]), torch.tensor([[False, False], [False, True]]))
    torch.testing.assert_close(mixture.mix(torch.tensor([[3.0]])), torch.tensor([[0.0], [6.0]]))
