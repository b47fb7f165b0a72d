"""The training loop: epochs, validation, early stopping, and what makes it survive a kill."""

from collections.abc import Callable

from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.progress import Progress, tell
from sracl_core.training.checkpoints import Checkpoints
from sracl_core.training.epoch import Epoch, Metrics, TrainedModel
from sracl_core.training.health import Health
from sracl_core.training.interrupts import Interrupts
from sracl_core.training.memory import told_what_to_lower, warn_if_tight
from sracl_core.training.state import TrainingState
from sracl_core.training.steps import Losses


def train(
    state: TrainingState,
    *,
    validate: Callable[[Backbone], Metrics],
    on_epoch: Callable[[Epoch], None],
    checkpoints: Checkpoints | None,
) -> TrainedModel:
    """Train until the watched metric hasn't risen for `early_stop.patience` epochs, or `max_epochs`.

    `validate` is called on the backbone in eval mode after every epoch and must return the watched metric; `on_epoch`
    hears of every finished epoch. With `checkpoints` training goes on from the newest one, `on_epoch` then hears of
    the epochs before it again, and the end is the same as without the interruption; they are left when training ends.
    Raises TrainingError when a loss or gradient is not finite.
    """
    warn_if_tight(state)
    loop = _Loop(state, checkpoints)
    for epoch in state.epochs:
        on_epoch(epoch)
    watched, per_epoch = state.params.early_stop.metric, state.steps.count(state.params.batch_size)
    left = state.params.max_epochs * per_epoch - (len(state.epochs) * per_epoch + state.step)
    with Progress("train", left, "step") as progress, Interrupts() as interrupts, told_what_to_lower(state.params):
        while not state.ended:
            loop.run_epoch(progress, interrupts)
            state.backbone.eval()
            epoch = state.finish_epoch(validate(state.backbone))
            on_epoch(epoch)
            if checkpoints is not None:
                checkpoints.write(state.snapshot())
            loss, valid = epoch.losses["total"], epoch.valid[watched]
            progress.advance(0, f"epoch {epoch.number}, loss {loss:.4f}, valid {watched} {valid:.4f}")
            loop.stop_if_asked(interrupts)
    assert state.best is not None  # noqa: S101 - max_epochs is at least 1
    return TrainedModel(state.best_weights, state.best, len(state.epochs))


class _Loop:
    """One training under way; begins with the newest checkpoint, if there is one."""

    def __init__(self, state: TrainingState, checkpoints: Checkpoints | None) -> None:
        self.state, self.checkpoints = state, checkpoints
        self.health = Health(state.steps.sequences)
        found = checkpoints.read() if checkpoints is not None else None
        if found is not None:
            state.restore(found)
            tell(f"Training goes on {self._where()}, from a checkpoint.")

    def run_epoch(self, progress: Progress, interrupts: Interrupts) -> None:
        """Train the steps of an epoch that are not done yet."""
        state = self.state
        state.backbone.train()
        state.objective.train()
        if state.step == 0:
            state.steps.begin_epoch(state.backbone)
        for batch in state.steps.batches(state.params.batch_size, done=state.step):
            self._step(batch)
            progress.advance()
            if self.health.due:
                self._look()
                if self.checkpoints is not None and self.checkpoints.due():
                    self.checkpoints.write(state.snapshot())
                self.stop_if_asked(interrupts)
        self._look()

    def stop_if_asked(self, interrupts: Interrupts) -> None:
        """After Ctrl-C or SIGTERM: keep a checkpoint, say so, and stop."""
        if interrupts.received is None:
            return
        kept = "Nothing of it is kept."
        if self.checkpoints is not None:
            self.checkpoints.write(self.state.snapshot())
            kept = f"Run the same again and it goes on from {self.checkpoints.newest()}."
        tell(f"Training was stopped {self._where()}. {kept}")
        interrupts.stop()

    def _step(self, batch: Tensor) -> None:
        state, params = self.state, self.state.params
        losses = state.steps.losses(batch, state.backbone, state.objective)
        total = losses.total(params.alpha, params.beta)
        state.optimizer.zero_grad(set_to_none=True)
        total.backward()
        parts = _parts(losses, total)
        self.health.note(state.step + 1, batch, parts, state.weights)
        state.optimizer.step()
        state.add_losses(parts)

    def _look(self) -> None:
        newest = self.checkpoints.newest() if self.checkpoints is not None else None
        rescue = f"The last good checkpoint is {newest}." if newest else "There is no checkpoint from before it."
        self.health.look(len(self.state.epochs) + 1, rescue)

    def _where(self) -> str:
        epochs, step = len(self.state.epochs), self.state.step
        return f"in epoch {epochs + 1} after step {step}" if step else f"after epoch {epochs}"


def _parts(losses: Losses, total: Tensor) -> dict[str, Tensor]:
    parts = {"total": total, "recommendation": losses.recommendation}
    if losses.inter_user is not None:
        parts["inter_user"] = losses.inter_user
    if losses.intra_user is not None:
        parts["intra_user"] = losses.intra_user
    return parts
