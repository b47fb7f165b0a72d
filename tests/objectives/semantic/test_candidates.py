"""Where candidates' states come from: encoded with gradient, without, or remembered."""

import pytest
import torch
from torch import Tensor

from sracl_core.batching.samples import MODES
from sracl_core.objectives.semantic.candidates import Bank
from tests.training.reference import World, state
from tests.training.small import inputs, params

KINDS = ("gradient", "detached", "bank")
each_mode = pytest.mark.parametrize("mode", MODES)


def world_of(mode: str, kind: str, dropout: float = 0.0, max_length: int = 3) -> World:
    chosen = params(1.0, 0.0, candidates=kind, dropout=dropout, mode=mode, max_length=max_length)
    world = World(inputs(seed=3, longest=14, every=2), chosen)
    world.objective.begin_epoch(world.backbone)
    return world


def bank_of(world: World) -> Bank:
    bank = world.objective.candidates
    assert isinstance(bank, Bank)
    return bank


def memory_of(world: World) -> Tensor:
    return bank_of(world).memory


@each_mode
@pytest.mark.parametrize("kind", KINDS)
def test_gradient_reaches_items_that_only_candidates_hold_or_not(mode: str, kind: str) -> None:
    world = world_of(mode, kind, max_length=20)
    lasts = world.steps.samples.lasts[:2]
    losses = world.steps.losses(lasts, world.backbone, world.objective)
    (gradient,) = torch.autograd.grad(losses.parts()["inter_user"], [world.backbone.item_embedding.weight])
    held = {item for last in lasts for item in world.train[world.positions()[int(last)].user]}
    others = [item for item in range(1, 16) if item not in held]
    assert others
    assert (gradient[others].abs().sum() > 0) == (kind == "gradient")


@each_mode
def test_detached_candidates_change_the_gradient_alone(mode: str) -> None:
    """With dropout too: both draw the same noise."""
    values = []
    for kind in ("gradient", "detached"):
        world = world_of(mode, kind, dropout=0.5)
        torch.manual_seed(0)
        losses = world.steps.losses(world.steps.samples.lasts[:6], world.backbone, world.objective)
        values.append(losses.parts()["inter_user"])
    assert torch.equal(*values)


@each_mode
def test_the_bank_begins_with_every_prefix_as_it_is_without_dropout(mode: str) -> None:
    world = world_of(mode, "bank", dropout=0.5)
    assert world.backbone.training
    world.backbone.eval()
    for row in range(len(world.prefixes)):
        torch.testing.assert_close(memory_of(world)[row], state(world, world.row(row)))


@each_mode
def test_a_step_leaves_what_it_trained_and_nothing_else(mode: str) -> None:
    world = world_of(mode, "bank", dropout=0.5)
    before = memory_of(world).clone()
    lasts = world.steps.samples.lasts[-3:]
    world.steps.losses(lasts, world.backbone, world.objective)
    changed = (memory_of(world) != before).any(dim=1).nonzero().squeeze(1).tolist()
    begins = world.steps.samples.begins[lasts] if mode == "causal" else lasts
    trained = {p for begin, last in zip(begins, lasts, strict=True) for p in range(int(begin), int(last) + 1)}
    assert changed == [row for row, p in enumerate(world.semantics.position.tolist()) if p in trained]
    assert changed
    assert not memory_of(world).requires_grad


@each_mode
def test_a_later_epoch_renews_just_what_no_step_reaches(mode: str) -> None:
    world = world_of(mode, "bank")
    memory_of(world).zero_()
    world.objective.begin_epoch(world.backbone)
    renewed = memory_of(world).any(dim=1).nonzero().squeeze(1)
    assert renewed.tolist() == bank_of(world).untrained.tolist()
    trained = world.steps.samples.trained().tolist()
    expected = [row for row, position in enumerate(world.semantics.position.tolist()) if position not in trained]
    assert renewed.tolist() == expected
    assert bool(expected) == (mode == "causal"), "histories longer than a pass are what this world is for"


def test_the_bank_must_be_filled_first() -> None:
    world = world_of("causal", "bank")
    bank_of(world).filled = False
    with pytest.raises(ValueError, match="begin_epoch"):
        world.steps.losses(world.steps.samples.lasts, world.backbone, world.objective)
