"""What is done with a gradient: which optimizer, how large a step, how much of it; and the precision of passes."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from sracl_core.ground.errors import TrainingError
from sracl_core.params.train import TrainParams

OPTIMIZERS: dict[str, type[torch.optim.Adam]] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


class Mover:
    """Moves weights by their gradients, with an optimizer of its own, as `params` say.

    `groups` are weights and the learning rate that they come to; training takes `most_steps` at most. Raises
    TrainingError where the warm-up would not end within them.
    """

    def __init__(self, groups: Sequence[tuple[Sequence[Tensor], float]], params: TrainParams, most_steps: int) -> None:
        if params.warmup_steps >= most_steps:
            raise TrainingError(
                f"train.warmup_steps is {params.warmup_steps}, but training takes {most_steps} steps at most, so that "
                "the learning rate would never be reached. Lower it, or raise train.max_epochs."
            )
        self.params, self.most_steps = params, most_steps
        self.weights: list[Tensor] = [weight for weights, _ in groups for weight in weights]
        self.rates = [rate for _, rate in groups]
        self.optimizer = OPTIMIZERS[params.optimizer](
            [{"params": list(weights), "lr": rate} for weights, rate in groups],
            weight_decay=params.weight_decay,
            fused=True,
        )

    def move(self, done: int, norm: Tensor | None = None) -> None:
        """Change the weights, `done` steps having been made; `norm` is that of all gradients together, if known."""
        if self.params.clip_norm > 0:
            if norm is None:
                norm = get_total_norm([weight.grad for weight in self.weights if weight.grad is not None])
            clip_grads_with_norm_(self.weights, self.params.clip_norm, norm)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = learning_rate(self.params, done, self.most_steps, rate)
        self.optimizer.step()

    def clear(self) -> None:
        """Forget the gradients of the last step."""
        self.optimizer.zero_grad(set_to_none=True)

    def kept(self) -> dict[str, Tensor]:
        """Return what a later process needs to go on: the moments of weight n as `n/NAME`."""
        moments = self.optimizer.state_dict()["state"]
        return {f"{number}/{name}": tensor for number, one in moments.items() for name, tensor in one.items()}

    def restore(self, kept: dict[str, Tensor]) -> None:
        """Go on from what `kept` returned."""
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in kept.items():
            number, _, moment = name.partition("/")
            moments.setdefault(int(number), {})[moment] = tensor
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": moments})


def learning_rate(params: TrainParams, done: int, most_steps: int, highest: float | None = None) -> float:
    """Return the learning rate of the step before which `done` of at most `most_steps` were made.

    It grows evenly over `warmup_steps` to `highest` (None: `learning_rate`), and then stays, or falls along half a
    cosine, to 0 after the last step. It depends on the step alone, so that a training which goes on from a checkpoint
    has it too.
    """
    highest = params.learning_rate if highest is None else highest
    if done < params.warmup_steps:
        return highest * (done + 1) / params.warmup_steps
    if params.schedule == "constant":
        return highest
    way = (done - params.warmup_steps) / (most_steps - params.warmup_steps)
    return highest * (1 + math.cos(math.pi * way)) / 2


def precision(params: TrainParams, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which the backbone's passes are made, as `train.autocast` says.

    Raises TrainingError where `device` is none that is made for it.
    """
    if params.autocast == "none":
        return nullcontext()
    if device.type == "cpu":
        raise TrainingError(
            f"train.autocast is {params.autocast}, which is for GPUs, but training runs on the CPU; set it to none."
        )
    return torch.autocast(device.type, dtype=torch.bfloat16)
