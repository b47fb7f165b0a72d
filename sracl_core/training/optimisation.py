"""What is done with a gradient: which optimizer, how large a step, how much of it; and the precision of passes."""

import math
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from sracl_core.ground.errors import TrainingError
from sracl_core.params.train import TrainParams

OPTIMIZERS: dict[str, type[torch.optim.Adam]] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def build_optimizer(weights: Iterable[Tensor], params: TrainParams, most_steps: int) -> torch.optim.Optimizer:
    """Return the optimizer of `weights`; training takes `most_steps` at most.

    Raises TrainingError where the warm-up would not end within them.
    """
    if params.warmup_steps >= most_steps:
        raise TrainingError(
            f"train.warmup_steps is {params.warmup_steps}, but training takes {most_steps} steps at most, so that the "
            "learning rate would never be reached. Lower it, or raise train.max_epochs."
        )
    optimizer = OPTIMIZERS[params.optimizer]
    return optimizer(weights, lr=params.learning_rate, weight_decay=params.weight_decay, fused=True)


def learning_rate(params: TrainParams, done: int, most_steps: int) -> float:
    """Return the learning rate of the step before which `done` of at most `most_steps` were made.

    It grows evenly over `warmup_steps`, and then stays, or falls along half a cosine, to 0 after the last step. It
    depends on the step alone, so that a training which goes on from a checkpoint has it too.
    """
    if done < params.warmup_steps:
        return params.learning_rate * (done + 1) / params.warmup_steps
    if params.schedule == "constant":
        return params.learning_rate
    way = (done - params.warmup_steps) / (most_steps - params.warmup_steps)
    return params.learning_rate * (1 + math.cos(math.pi * way)) / 2


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
