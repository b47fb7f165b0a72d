"""The losses of a step against the plain reference: both modes, both backbones, values and gradients."""

from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sracl_core.batching.samples import MODES
from sracl_core.objectives.shared.negatives import NegativesParams
from sracl_core.training.steps import Losses
from tests.model.sizes import WAYS
from tests.training.reference import World, fill_bank, reference
from tests.training.small import inputs, params

each_mode = pytest.mark.parametrize("mode", MODES)


def assert_equal_with_gradients(world: World, found: Losses, expected: Losses) -> list[Tensor]:
    assert list(found.parts()) == list(expected.parts())
    for part, value in expected.parts().items():
        torch.testing.assert_close(found.parts()[part], value, msg=lambda m, p=part: f"{p}: {m}")
    gradients = [
        torch.autograd.grad(losses.total(), world.weights(), materialize_grads=True) for losses in (found, expected)
    ]
    for fast, plain in zip(*gradients, strict=True):
        torch.testing.assert_close(fast, plain)
    return list(gradients[0])


@dataclass(frozen=True)
class Shape:
    """The shape of a small world: long histories, shared rows of the table, samples that meet themselves in a batch."""

    alpha: float
    beta: float
    max_length: int
    longest: int
    every: int | None
    candidates: str
    negatives: NegativesParams
    users: int
    batch: int
    seed: int


SHAPES = st.builds(
    Shape,
    alpha=st.sampled_from([0.5, 0.0]),
    beta=st.sampled_from([0.25, 0.0]),
    max_length=st.sampled_from([2, 4, 20]),
    longest=st.integers(2, 14),
    every=st.sampled_from([1, 3, None]),
    candidates=st.sampled_from(["gradient", "detached", "bank"]),
    negatives=st.builds(NegativesParams, mask_same_target=st.booleans(), mask_pool=st.booleans()),
    users=st.integers(1, 12),
    batch=st.integers(1, 9),
    seed=st.integers(0, 1000),
)


@pytest.mark.parametrize(
    ("mode", "backbone", "positions", "arrangement"),
    [
        *((mode, backbone, "relative", "post_norm") for mode, backbone in WAYS),
        *((mode, "sasrec", "relative", "original") for mode in MODES),
        ("causal", "sasrec", "from_start", "post_norm"),
        ("prefix", "sasrec", "from_end", "post_norm"),
    ],
)
@settings(max_examples=20, deadline=None)
@given(shape=SHAPES)
def test_losses_and_gradients_equal_the_plain_reference(
    mode: str, backbone: str, positions: str, arrangement: str, shape: Shape
) -> None:
    """Over two steps with other weights, so that what is remembered and drawn keeps up too."""
    chosen = params(
        shape.alpha,
        shape.beta,
        max_length=shape.max_length,
        candidates=shape.candidates,
        negatives=shape.negatives,
        seed=shape.seed,
        mode=mode,
        backbone=backbone,
        positions=positions,
        arrangement=arrangement,
    )
    world = World(inputs(shape.seed, users=shape.users, longest=shape.longest, every=shape.every), chosen)
    world.objective.begin_epoch(world.backbone)
    fill_bank(world)
    lasts = world.steps.samples.lasts
    random = torch.Generator().manual_seed(shape.seed)
    for _ in range(2):
        drawn = lasts[torch.randint(len(lasts), (shape.batch,), generator=random)]
        found = world.steps.losses(drawn, world.backbone, world.objective)
        gradients = assert_equal_with_gradients(world, found, reference(world, drawn))
        with torch.no_grad():
            for weight, gradient in zip(world.weights(), gradients, strict=True):
                weight.sub_(0.5 * gradient)


@each_mode
def test_gradient_flows_through_the_candidates(mode: str) -> None:
    world = World(inputs(), params(alpha=1.0, beta=0.0, mode=mode))
    lasts = world.steps.samples.lasts[:2]
    losses = world.steps.losses(lasts, world.backbone, world.objective)
    assert set(losses.parts()) == {"total", "recommendation", "inter_user"}
    (gradient,) = torch.autograd.grad(losses.parts()["inter_user"], [world.backbone.item_embedding.weight])
    # Items that only candidates hold get gradient too.
    positions = world.positions()
    held = {item for last in lasts for item in world.train[positions[int(last)].user]}
    others = [item for item in range(1, 16) if item not in held]
    assert others
    assert gradient[others].abs().sum() > 0


@each_mode
def test_an_epoch_is_every_sample_once_in_a_new_order(mode: str) -> None:
    steps = World(inputs(), params(mode=mode)).steps
    batches = list(steps.batches(8))
    assert torch.cat(batches).sort().values.tolist() == steps.samples.lasts.tolist()
    assert [len(batch) for batch in batches[:-1]] == [8] * (steps.count(8) - 1)
    assert 1 <= len(batches[-1]) <= 8
    assert torch.cat(batches).tolist() != torch.cat(list(steps.batches(8))).tolist()


@each_mode
def test_samples_share_no_dropout(mode: str) -> None:
    """The same sample twice in a batch is encoded twice, as two samples of a plain loop would be."""
    world = World(inputs(), params(alpha=0.0, beta=0.0, dropout=0.5, mode=mode))
    last = world.steps.samples.lasts[:1]
    torch.manual_seed(0)
    both = world.steps.losses(last.repeat(2), world.backbone, world.objective).recommendation
    torch.manual_seed(0)
    once = world.steps.losses(last, world.backbone, world.objective).recommendation
    assert not torch.isclose(both, once)


@each_mode
@pytest.mark.parametrize(
    ("alpha", "beta", "candidates", "passes"),
    [(0.0, 0.0, "gradient", 1), (0.1, 0.1, "gradient", 2), (0.0, 0.1, "gradient", 2), (0.1, 0.1, "detached", 3)],
)
def test_a_step_makes_one_pass_for_the_samples_and_one_for_both_branches(
    mode: str, alpha: float, beta: float, candidates: str, passes: int
) -> None:
    world = World(inputs(), params(alpha=alpha, beta=beta, mode=mode, candidates=candidates))
    made: list[Tensor] = []
    world.backbone.item_embedding.register_forward_pre_hook(lambda _, arguments: made.append(arguments[0]))
    world.steps.losses(world.steps.samples.lasts[:4], world.backbone, world.objective)
    assert len(made) == passes
