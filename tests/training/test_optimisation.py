"""Optimizer, learning rate, clipping and precision: by hand, and as shipped nothing but Adam."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from sracl_core.batching.windows import prefix_windows
from sracl_core.ground.errors import TrainingError
from sracl_core.training.epoch import Epoch
from sracl_core.training.fit import begin_training, fit
from sracl_core.training.optimisation import learning_rate, precision
from sracl_core.training.state import TrainingState
from tests.training.small import inputs, params

CPU = torch.device("cpu")


def begun(**chosen: Any) -> TrainingState:
    return begin_training(inputs(), params(**chosen), CPU)


def after_steps(state: TrainingState, count: int) -> list[list[Tensor]]:
    """Make steps; return the gradients of each as they were found."""
    found = []
    for batch in list(state.steps.batches(8))[:count]:
        losses = state.steps.losses(batch, state.backbone, state.objective)
        state.clear_gradients()
        losses.total().backward()
        found.append([weight.grad.clone() for weight in state.weights if weight.grad is not None])
        state.mover.move(state.steps_done)
        state.add_losses(losses.parts())
    return found


def test_the_learning_rate_by_hand() -> None:
    shipped, warm = params(learning_rate=0.4), params(learning_rate=0.4, warmup_steps=4)
    assert [learning_rate(shipped, done, 10) for done in (0, 5, 9)] == [0.4] * 3
    rates = [learning_rate(warm, done, 10) for done in range(6)]
    assert rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4, 0.4])
    falling = params(learning_rate=0.4, warmup_steps=2, schedule="cosine")
    rates = [learning_rate(falling, done, 10) for done in range(11)]
    assert rates[:3] == pytest.approx([0.2, 0.4, 0.4])
    assert rates[6] == pytest.approx(0.2)  # half of the way down
    assert rates[4] == pytest.approx(0.2 * (1 + math.cos(math.pi / 4)))
    assert rates[10] == pytest.approx(0)
    assert rates[9] > 0


def test_the_rate_is_that_of_the_step() -> None:
    state = begun(warmup_steps=3, schedule="cosine")
    for batch in state.steps.batches(8):
        done = state.steps_done
        losses = state.steps.losses(batch, state.backbone, state.objective)
        losses.total().backward()
        state.mover.move(state.steps_done)
        state.add_losses(losses.parts())
        assert state.mover.optimizer.param_groups[0]["lr"] == learning_rate(state.params, done, state.most_steps)
    assert state.steps_done == state.steps_an_epoch == state.steps.count(8)
    assert state.most_steps == 3 * state.steps_an_epoch


def test_a_warm_up_that_never_ends_is_told() -> None:
    steps = begun().most_steps
    assert begun(warmup_steps=steps - 1).most_steps == steps
    with pytest.raises(TrainingError, match=f"warmup_steps is {steps}, but training takes {steps} steps at most"):
        begun(warmup_steps=steps)


@pytest.mark.parametrize("decoupled", [False, True], ids=["adam", "adamw"])
def test_the_first_step_by_hand(decoupled: bool) -> None:
    """Adam's first step is the sign of the gradient; its decay is in the gradient, AdamW's beside it."""
    rate, decay = 0.01, 0.5
    state = begun(optimizer="adamw" if decoupled else "adam", learning_rate=rate, weight_decay=decay)
    before = [weight.detach().clone() for weight in state.weights]
    (gradients,) = after_steps(state, 1)
    for weight, old, gradient in zip(state.weights, before, gradients, strict=True):
        whole = gradient if decoupled else gradient + decay * old
        moved = old * (1 - rate * decay) if decoupled else old
        torch.testing.assert_close(weight.detach(), moved - rate * whole / (whole.abs() + 1e-8), rtol=1e-4, atol=1e-6)


def test_a_gradient_is_cut_to_the_norm_and_not_beyond() -> None:
    for limit, cut in ((1e-3, True), (1e6, False)):
        state = begun(clip_norm=limit)
        (found,) = after_steps(state, 1)
        norm = torch.cat([gradient.flatten() for gradient in found]).norm()
        factor = limit / float(norm) if cut else 1.0
        assert bool(norm > limit) is cut
        left = [weight.grad for weight in state.weights if weight.grad is not None]
        for gradient, whole in zip(left, found, strict=True):
            torch.testing.assert_close(gradient, factor * whole, rtol=1e-3, atol=1e-9)


def trained(**chosen: Any) -> dict[str, Tensor]:
    epochs: list[Epoch] = []
    return fit(inputs(), params(**chosen), CPU, tile_bytes=2**20, on_epoch=epochs.append).backbone.state_dict()


@pytest.mark.parametrize(
    "chosen",
    [{"optimizer": "adamw", "weight_decay": 0.1}, {"warmup_steps": 4}, {"schedule": "cosine"}, {"clip_norm": 1e-3}],
    ids=["adamw", "warm-up", "cosine", "clip"],
)
def test_each_of_them_makes_a_difference(chosen: dict[str, Any]) -> None:
    one, other = trained(**chosen), trained()
    assert not all(torch.equal(weight, other[name]) for name, weight in one.items())


@pytest.mark.filterwarnings("ignore:CUDA is not available")  # where there is none, torch says so
def test_half_precision_is_for_gpus() -> None:
    with pytest.raises(
        TrainingError, match=r"train\.autocast is bf16, which is for GPUs, but training runs on the CPU"
    ):
        begun(autocast="bf16")
    context = precision(params(autocast="bf16"), torch.device("cuda"))
    assert isinstance(context, torch.autocast) and context.device == "cuda" and context.fast_dtype == torch.bfloat16


def test_every_pass_in_training_is_of_that_precision_and_no_loss() -> None:
    """On a CPU, whose bfloat16 shows the same."""
    state = begun(backbone="gru4rec", alpha=0.0, beta=0.25)
    seen: list[torch.dtype] = []
    state.backbone.output.register_forward_hook(lambda _, __, states: seen.append(states.dtype))  # type: ignore[union-attr]
    state.backbone.precision = torch.autocast("cpu", dtype=torch.bfloat16)
    losses = state.steps.losses(state.steps.samples.lasts[:4], state.backbone, state.objective)
    assert seen and set(seen) == {torch.bfloat16}
    assert {value.dtype for value in losses.parts().values()} == {torch.float32}
    losses.total().backward()
    assert {weight.grad.dtype for weight in state.weights if weight.grad is not None} == {torch.float32}
    positions = state.steps.samples.lasts[:2]
    windows = prefix_windows(state.steps.sequences.items, positions, positions, shared=False)
    assert windows.encode(state.backbone).dtype == torch.float32
