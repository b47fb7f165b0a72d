"""All that changes while a model is trained: what a checkpoint holds, and what a killed training goes on from."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.objectives.protocol import Objective
from sracl_core.params.train import TrainParams
from sracl_core.training.durability.checkpoints import Snapshot
from sracl_core.training.epoch import Epoch, Metrics
from sracl_core.training.optimisation import Mover
from sracl_core.training.steps import Steps

# Hears of a step's losses and of the weights with their gradients, before they are moved; returns the gradients' norm.
Note = Callable[[dict[str, Tensor], Sequence[Tensor]], Tensor]


class TrainingState:
    """Weights, optimizer, random states, and how far training is.

    `epochs` are the finished ones, `step` counts the steps done in the running one (0: it has not begun), `sums` are
    its losses so far, summed on the device, and `best_weights` the backbone's of the best epoch, on the CPU.
    """

    def __init__(self, backbone: Backbone, objective: Objective, steps: Steps, params: TrainParams) -> None:
        self.backbone, self.objective, self.steps, self.params = backbone, objective, steps, params
        later = objective.second_weights
        kept_back = {id(weight) for group in later for weight in group.weights}
        everything = [*backbone.parameters(), *objective.parameters(), *steps.loss.parameters()]
        self.weights: list[Tensor] = [weight for weight in everything if id(weight) not in kept_back]
        self.steps_an_epoch = steps.count(params.batch_size)
        self.most_steps = params.max_epochs * self.steps_an_epoch
        self.mover = Mover([(self.weights, params.learning_rate)], params, self.most_steps)
        groups = [(group.weights, group.learning_rate) for group in later]
        self.second = Mover(groups, params, self.most_steps) if groups else None
        # Where no step meets all items, their gradient is made row by row, in a tensor that stays: at a million items a
        # fresh one for every look-up would cost several times what the optimizer does.
        self._table = None if steps.loss.scores_all else backbone.item_embedding.weight
        if self._table is not None:
            backbone.item_embedding.sparse = True
            self._table.grad = torch.zeros_like(self._table)
        self.epochs: list[Epoch] = []
        self.step = 0
        self.sums: dict[str, Tensor] = {}
        self.best_weights: dict[str, Tensor] = {}

    @property
    def best(self) -> Epoch | None:
        """The best epoch so far."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    @property
    def ended(self) -> bool:
        """Whether the last epoch is reached, or the best one `early_stop.patience` epochs ago."""
        number = len(self.epochs)
        patient = self.best is None or number - self.best.number < self.params.early_stop.patience
        return number == self.params.max_epochs or not patient

    @property
    def steps_done(self) -> int:
        """How many steps were made, of `most_steps`."""
        return len(self.epochs) * self.steps_an_epoch + self.step

    def begin_epoch(self) -> None:
        """Set everything to training, and prepare for an epoch whose first step is still to come."""
        for module in (self.backbone, self.objective, self.steps.loss):
            module.train()
        if self.step == 0:
            self.objective.begin_epoch(self.backbone)

    def make_step(self, batch: Tensor, note: Note | None = None) -> dict[str, Tensor]:
        """Train a batch; return what its losses are made of, by name.

        The weights that an objective keeps back are moved in a second step, once the first has moved all others.
        """
        parts = self.find_gradients(batch)
        self.mover.move(self.steps_done, note(parts, self.weights) if note else None)
        if self.second is not None:
            later = self.find_second_gradients()
            self.second.move(self.steps_done, note(later, self.second.weights) if note else None)
            parts |= later
        return parts

    def find_gradients(self, batch: Tensor) -> dict[str, Tensor]:
        """Give the weights of the main step the gradients of a batch; return what its loss is made of, by name."""
        losses = self.steps.losses(batch, self.backbone, self.objective)
        self.clear_gradients()
        losses.total().backward()
        self.steps.group.add_gradients(self.weights)
        return losses.joint(self.steps.group).parts()

    def find_second_gradients(self) -> dict[str, Tensor]:
        """Give the weights of the second step, and no other, their gradients; return what its loss is made of."""
        second = self.second
        assert second is not None  # noqa: S101 - there is such a step
        terms = self.objective.second_terms(self.backbone)
        second.clear()  # of what the main step's loss has left there
        total = torch.stack([term.weight * term.value for term in terms]).sum()
        total.backward(inputs=second.weights)
        self.steps.group.add_gradients(second.weights)
        return {f"second_{term.name}": term.value for term in terms}

    def clear_gradients(self) -> None:
        """Forget the gradients of the last step."""
        kept = self._table.grad if self._table is not None else None
        self.mover.clear()
        if self._table is not None and kept is not None:
            self._table.grad = kept.zero_()

    def add_losses(self, parts: dict[str, Tensor]) -> None:
        """Count a step with its losses."""
        self.step += 1
        for name, value in parts.items():
            # Summed on the device: reading a number back would make a GPU wait at every step.
            self.sums[name] = self.sums.get(name, torch.zeros((), device=value.device)) + value.detach()

    def finish_epoch(self, valid: Metrics) -> Epoch:
        """Close the running epoch with its validation metrics, and return it."""
        watched = self.params.early_stop.metric
        losses = {name: float(value) / self.step for name, value in self.sums.items()}
        better = self.best is None or valid[watched] > self.best.valid[watched]
        epoch = Epoch(len(self.epochs) + 1, losses, valid, better)
        if better:
            self.best_weights = {key: value.detach().cpu().clone() for key, value in self.backbone.state_dict().items()}
        self.epochs.append(epoch)
        self.step, self.sums = 0, {}
        return epoch

    def snapshot(self) -> Snapshot:
        """Return all of it; where several processes train together, all of them must call it."""
        tensors = {
            **_named("backbone", self.backbone.state_dict()),
            **_named("objective", self.objective.state_dict()),
            **_named("loss", self.steps.loss.state_dict()),
            **_named("best", self.best_weights),
            **_named("sums", self.sums),
            **_named("steps", self.steps.kept(self.step)),
            **_named("random", self._random_states()),
            **_named("optimizer", self.mover.kept()),
            **_named("second", self.second.kept() if self.second is not None else {}),
        }
        # The file sorts its tensors; the order of the losses is seen in what an epoch tells.
        record = {"epochs": [asdict(epoch) for epoch in self.epochs], "step": self.step, "losses": list(self.sums)}
        return Snapshot(tensors, record)

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from `snapshot`, which must be of the same training."""
        groups = _grouped(snapshot.tensors)
        device = self.backbone.device
        self.backbone.load_state_dict(groups["backbone"])
        self.objective.load_state_dict(groups.get("objective", {}))
        self.steps.loss.load_state_dict(groups.get("loss", {}))
        self.mover.restore(groups.get("optimizer", {}))
        if self.second is not None:
            self.second.restore(groups.get("second", {}))
        self.best_weights = {name: groups["best"][name] for name in self.backbone.state_dict() if "best" in groups}
        self.sums = {name: groups["sums"][name].to(device) for name in snapshot.record["losses"]}
        self.epochs = [Epoch(**epoch) for epoch in snapshot.record["epochs"]]
        self.step = snapshot.record["step"]
        self.steps.restore(groups["steps"])
        rank = self.steps.group.rank
        # Copies, since torch reads a generator's state from the beginning of its storage.
        torch.set_rng_state(groups["random"]["cpu"][rank].clone())
        if device.type == "cuda":
            torch.cuda.set_rng_state(groups["random"]["cuda"][rank].clone(), device)

    def _random_states(self) -> dict[str, Tensor]:
        """The global random states that dropout draws from, uint8 [processes, bytes]."""
        device, group = self.backbone.device, self.steps.group
        states = {"cpu": torch.get_rng_state()}
        if device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(device)
        return {
            name: group.join(state[None].to(device).int(), group.rank, group.size).cpu().to(torch.uint8)
            for name, state in states.items()
        }


def _named(group: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{group}/{name}": tensor for name, tensor in tensors.items()}


def _grouped(tensors: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    groups: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        group, _, rest = name.partition("/")
        groups.setdefault(group, {})[rest] = tensor
    return groups
