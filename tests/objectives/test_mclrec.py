"""MCLRec against a plain loop: the same draws, one window after another; and which step moves what."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from sracl_core.ground.errors import TrainingError
from sracl_core.model.backbone import Backbone
from sracl_core.objectives.mclrec import MCLRec, MCLRecParams, spread
from sracl_core.objectives.shared.augmentations import draw_pairs
from sracl_core.params.train import OBJECTIVE
from sracl_core.training.durability.health import Health
from sracl_core.training.fit import begin_training
from sracl_core.training.state import TrainingState
from tests.model.sizes import WAYS
from tests.objectives.small import (
    CPU,
    anchors_of,
    assert_same_with_gradients,
    copied,
    in_double,
    objective_of,
    plain_info_nce,
    state_after,
    window_of,
)
from tests.objectives.test_cl4srec import plain_views
from tests.training.small import inputs, params

COUNT = 7
SHIPPED = MCLRecParams()


def plain_augmenter(weights: list[Tensor], state: Tensor) -> Tensor:
    """Three linear maps with GELU between them, to length 1."""
    for number in range(0, len(weights), 2):
        if number:
            state = 0.5 * state * (1 + torch.erf(state / 2**0.5))
        state = weights[number] @ state + weights[number + 1]
    return state / state.norm()


def plain_spread(first: list[Tensor], second: list[Tensor]) -> Tensor:
    """R as the paper writes it, pair by pair."""
    numbers = range(len(first))
    same = [first[i] @ second[i] for i in numbers]
    others = [first[i] @ second[j] for i in numbers for j in numbers if i != j]
    low, high = min(same, key=Tensor.item), max(others, key=Tensor.item)
    smaller, larger = min(low, high, key=Tensor.item), max(low, high, key=Tensor.item)
    above = [F.relu(score - smaller) for score in same]
    below = [F.relu(larger - score) for score in others]
    return torch.stack(above).mean() + torch.stack(below).mean()


def plain_terms(objective: Any, backbone: Backbone, views: list[list[int]], temperature: float) -> dict[str, Tensor]:
    """Every loss of the views, the first of each sample and then the second, encoded one after another."""
    states = [state_after(backbone, view) for view in views]
    h1, h2 = states[:COUNT], states[COUNT:]
    one, two = (list(augmenter.parameters()) for augmenter in objective.augmenters)
    z1, z2 = [plain_augmenter(one, h) for h in h1], [plain_augmenter(two, h) for h in h2]
    pairs = (z1, z2), (h1, z2), (h2, z1)
    return {
        "augmented": plain_info_nce(h1, h2, temperature),
        "learned": sum((plain_info_nce(*pair, temperature) for pair in pairs), torch.zeros((), dtype=h1[0].dtype)),
        "regularisation": plain_spread(z1, z2),
    }


@pytest.mark.parametrize(("mode", "backbone_name"), WAYS)
def test_both_steps_and_their_gradients_are_those_of_a_plain_loop(mode: str, backbone_name: str) -> None:
    chosen = MCLRecParams(augmented=0.3, learned=0.2, regularisation=0.4, temperature=0.7, crop=0.4, reorder=0.6)
    backbone, objective = objective_of("mclrec", chosen, backbone_name=backbone_name, mode=mode)
    in_double(backbone)
    objective.double()
    anchors = anchors_of(objective, backbone, COUNT)
    windows = [window_of(objective, position) for position in anchors.positions.tolist()]
    drawn = draw_pairs(torch.tensor([len(window) for window in windows]), copied(objective.context.generator))
    views = plain_views(windows, drawn, chosen)
    expected = plain_terms(objective, backbone, views, 0.7)
    terms = objective.terms(anchors, backbone)
    assert [(term.name, term.weight) for term in terms] == [
        ("augmented", 0.3),
        ("learned", 0.2),
        ("regularisation", 0.4),
    ]
    for term in terms:
        assert_same_with_gradients(term.value, expected[term.name], backbone)
    with torch.no_grad():
        for weight in backbone.parameters():
            weight.mul_(1.1)
    moved = plain_terms(objective, backbone, views, 0.7)
    second = objective.second_terms(backbone)
    assert [(term.name, term.weight) for term in second] == [("learned", 1.0), ("regularisation", 0.4)]
    weights = list(objective.augmenters.parameters())
    for term in second:
        assert not torch.isclose(term.value, expected[term.name])
        torch.testing.assert_close(term.value, moved[term.name])
        found, plain = (
            torch.autograd.grad(value, weights, retain_graph=True) for value in (term.value, moved[term.name])
        )
        for fast, slow in zip(found, plain, strict=True):
            torch.testing.assert_close(fast, slow)


@pytest.mark.parametrize("apart", [True, False])
def test_the_regularisation_is_the_papers_whichever_scores_are_higher(apart: bool) -> None:
    random = torch.Generator().manual_seed(0)
    first, noise = (torch.randn(6, 4, generator=random, dtype=torch.float64) for _ in range(2))
    second = ((first if apart else first.flip(0)) + 0.1 * noise).requires_grad_()  # no two scores are the same
    found, expected = spread(first @ second.T), plain_spread(list(first), list(second))
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(*(torch.autograd.grad(value, second, retain_graph=True) for value in (found, expected)))
    assert spread(torch.ones(1, 1)) == 0


def begun(chosen: MCLRecParams = SHIPPED, **changed: Any) -> TrainingState:
    """A training before its first step."""
    groups = OBJECTIVE.shipped(mclrec=chosen)
    state = begin_training(inputs(), params(objective="mclrec", objectives=groups, **changed), CPU)
    state.begin_epoch()
    return state


def copies(weights: list[Tensor]) -> list[Tensor]:
    return [weight.detach().clone() for weight in weights]


def moved(weights: list[Tensor], before: list[Tensor]) -> bool:
    changed = [not torch.equal(weight, old) for weight, old in zip(weights, before, strict=True)]
    assert all(changed) or not any(changed)
    return any(changed)


def test_the_first_step_moves_the_encoder_and_the_second_the_augmenters() -> None:
    # Every weight has a gradient: items that the batch lacks are scored by the softmax.
    state = begun(dropout=0.3)
    assert state.second is not None and isinstance(state.objective, MCLRec)
    encoder, augmenters = list(state.backbone.parameters()), list(state.objective.augmenters.parameters())
    assert [id(weight) for weight in state.second.weights] == [id(weight) for weight in augmenters]
    assert not {id(weight) for weight in state.weights} & {id(weight) for weight in augmenters}
    batch = next(iter(state.steps.batches(8)))
    before = copies(encoder), copies(augmenters)
    state.find_gradients(batch)
    state.mover.move(0)
    assert (moved(encoder, before[0]), moved(augmenters, before[1])) == (True, False)
    before, gradients = (copies(encoder), copies(augmenters)), [weight.grad for weight in encoder]
    told = state.find_second_gradients()
    assert list(told) == ["second_learned", "second_regularisation"]
    assert all(weight.grad is gradient for weight, gradient in zip(encoder, gradients, strict=True))
    state.second.move(0)
    assert (moved(encoder, before[0]), moved(augmenters, before[1])) == (False, True)


def test_the_second_step_has_its_own_rate_with_the_schedule_of_the_first() -> None:
    state = begun(MCLRecParams(learning_rate=0.04), learning_rate=0.4, warmup_steps=4, clip_norm=1e-3)
    assert state.second is not None
    for number, batch in enumerate(list(state.steps.batches(8))[:2], start=1):
        state.add_losses(state.make_step(batch))
        rates = [mover.optimizer.param_groups[0]["lr"] for mover in (state.mover, state.second)]
        assert rates == pytest.approx([0.1 * number, 0.01 * number])
        for mover in (state.mover, state.second):
            gradients = [weight.grad.flatten() for weight in mover.weights if weight.grad is not None]
            assert float(torch.cat(gradients).norm()) <= 1.01e-3


def test_a_checkpoint_holds_what_the_second_optimizer_remembers() -> None:
    state = begun()
    first, second = list(state.steps.batches(8))[:2]
    state.add_losses(state.make_step(first))
    tensors = state.snapshot().tensors
    names = [name for name in tensors if name.startswith("second/")]
    assert state.second is not None
    assert len(names) == 3 * len(state.second.weights)  # two moments and the number of steps
    assert any(tensors[name].any() for name in names if name.endswith("exp_avg"))
    kept = type(state.snapshot())({name: tensor.clone() for name, tensor in tensors.items()}, state.snapshot().record)
    expected = {name: value.item() for name, value in state.make_step(second).items()}
    other = begun()
    other.restore(kept)
    assert {name: value.item() for name, value in other.make_step(second).items()} == expected
    for one, copy in zip(state.second.weights, other.second.weights if other.second else [], strict=True):
        assert torch.equal(one, copy)


def test_a_second_step_that_is_not_finite_is_told() -> None:
    state = begun()
    assert isinstance(state.objective, MCLRec)
    health = Health(state.steps.sequences, state.objective.steadied_by())
    batch = next(iter(state.steps.batches(8)))

    def note(losses: dict[str, Tensor], weights: Any) -> Tensor:
        norm = health.note(1, batch, losses, weights)
        with torch.no_grad():  # after the first step's gradients are known
            state.objective.augmenters[0].layers[0].weight.fill_(torch.nan)  # type: ignore[union-attr,index]
        return norm

    state.make_step(batch, note)
    with pytest.raises(TrainingError) as told:
        health.look(1, "")
    assert "The loss (second_learned), loss (second_regularisation), gradient is not finite" in str(told.value)
    assert "raise train.objectives.mclrec.temperature" in str(told.value)


@pytest.mark.parametrize(
    ("augmented", "learned", "regularisation", "names"),
    [
        (0.1, 0.0, 0.1, ["augmented"]),
        (0.0, 0.1, 0.1, ["learned", "regularisation"]),
        (0.1, 0.1, 0.0, ["augmented", "learned"]),
    ],
)
def test_what_has_weight_0_is_not_computed(
    augmented: float, learned: float, regularisation: float, names: list[str]
) -> None:
    chosen = MCLRecParams(augmented=augmented, learned=learned, regularisation=regularisation)
    backbone, objective = objective_of("mclrec", chosen)
    assert [term.name for term in objective.terms(anchors_of(objective, backbone), backbone)] == names
    assert bool(objective.second_weights) == bool(list(objective.parameters())) == (learned > 0)
