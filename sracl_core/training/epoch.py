"""What is told of training: a finished epoch, and the model at the end."""

from dataclasses import dataclass

from torch import Tensor

Metrics = dict[str, float]


@dataclass(frozen=True)
class Epoch:
    """One finished epoch, numbered from 1: mean losses over its steps, validation metrics, whether it is the best."""

    number: int
    losses: Metrics
    valid: Metrics
    best: bool


@dataclass(frozen=True)
class TrainedModel:
    """The weights of the best epoch, on the CPU, and which epoch that was."""

    state: dict[str, Tensor]
    best: Epoch
    epochs: int
