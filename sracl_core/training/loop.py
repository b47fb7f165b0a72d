"""The training loop: epochs, validation, early stopping, the best weights."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sracl_core.errors import TrainingError
from sracl_core.model.backbone import Backbone
from sracl_core.model.objectives.sracl import SRACL
from sracl_core.params.train import TrainParams
from sracl_core.progress import Progress
from sracl_core.training.steps import Losses, Steps

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


def train(
    backbone: Backbone,
    objective: SRACL,
    steps: Steps,
    params: TrainParams,
    *,
    validate: Callable[[Backbone], Metrics],
    on_epoch: Callable[[Epoch], None],
) -> TrainedModel:
    """Train `backbone` until the watched metric hasn't risen for `early_stop.patience` epochs, or `max_epochs`.

    `validate` is called on the backbone in eval mode after every epoch and must return the watched metric;
    `on_epoch` hears of every finished epoch. Raises TrainingError when a loss is not finite.
    """
    weights = [*backbone.parameters(), *objective.parameters()]
    optimizer = torch.optim.Adam(weights, lr=params.learning_rate, weight_decay=params.weight_decay, fused=True)
    watched = params.early_stop.metric
    best: Epoch | None = None
    best_state: dict[str, Tensor] = {}
    number = 0
    with Progress("train", params.max_epochs * steps.count(params.batch_size), "step") as progress:
        for number in range(1, params.max_epochs + 1):
            losses = _run_epoch(
                backbone, objective, steps, params, optimizer=optimizer, progress=progress, number=number
            )
            backbone.eval()
            valid = validate(backbone)
            epoch = Epoch(number, losses, valid, best is None or valid[watched] > best.valid[watched])
            on_epoch(epoch)
            if epoch.best:
                best = epoch
                best_state = {key: value.detach().cpu().clone() for key, value in backbone.state_dict().items()}
            progress.advance(0, f"epoch {number}, loss {losses['total']:.4f}, valid {watched} {valid[watched]:.4f}")
            if best is not None and number - best.number >= params.early_stop.patience:
                break
    assert best is not None  # noqa: S101 - max_epochs is at least 1
    return TrainedModel(best_state, best, number)


def _run_epoch(
    backbone: Backbone,
    objective: SRACL,
    steps: Steps,
    params: TrainParams,
    *,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    number: int,
) -> Metrics:
    """Train one epoch; return the mean of every loss over its steps."""
    backbone.train()
    objective.train()
    steps.begin_epoch(backbone)
    sums: dict[str, Tensor] = {}
    count = 0
    for batch in steps.batches(params.batch_size):
        losses = steps.losses(batch, backbone, objective)
        total = losses.total(params.alpha, params.beta)
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        optimizer.step()
        count += 1
        progress.advance()
        for name, value in _parts(losses, total).items():
            # Summed on the device: reading a number back would make a GPU wait at every step.
            sums[name] = sums.get(name, torch.zeros((), device=value.device)) + value.detach()
    means = {name: float(value) / count for name, value in sums.items()}
    broken = [name for name, value in means.items() if not torch.isfinite(torch.tensor(value))]
    if broken:
        raise TrainingError(
            f"The loss ({', '.join(broken)}) is not finite in epoch {number}. Lower train.learning_rate, or raise "
            "train.inter.temperature and train.intra.temperature."
        )
    return means


def _parts(losses: Losses, total: Tensor) -> dict[str, Tensor]:
    parts = {"total": total, "recommendation": losses.recommendation}
    if losses.inter_user is not None:
        parts["inter_user"] = losses.inter_user
    if losses.intra_user is not None:
        parts["intra_user"] = losses.intra_user
    return parts
