"""The training loop: epochs, validation, early stopping, and what makes it survive a kill."""

from collections.abc import Callable
from functools import partial

from torch import Tensor

from sracl_core.ground.errors import TrainingError
from sracl_core.model.backbone import Backbone
from sracl_core.progress import Progress, tell
from sracl_core.training.durability.checkpoints import Checkpoints
from sracl_core.training.durability.health import Health
from sracl_core.training.durability.interrupts import Interrupts, stop
from sracl_core.training.durability.memory import told_what_to_lower, warn_if_tight
from sracl_core.training.epoch import Epoch, Metrics, TrainedModel
from sracl_core.training.state import TrainingState


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
    Where several processes train together (`state.steps.group`), the first one validates and writes. Raises
    TrainingError when a loss or gradient is not finite.
    """
    group = state.steps.group
    if group.leads:
        warn_if_tight(state)
    loop = _Loop(state, checkpoints)
    for epoch in state.epochs:
        on_epoch(epoch)
    watched = state.params.early_stop.metric
    shown = Progress("train", state.most_steps - state.steps_done, "step", shown=group.leads)
    with shown as progress, Interrupts() as interrupts, told_what_to_lower(state):
        while not state.ended:
            loop.run_epoch(progress, interrupts)
            state.backbone.eval()
            epoch = state.finish_epoch(group.from_first(validate(state.backbone) if group.leads else None))
            on_epoch(epoch)
            if loop.checkpoints is not None:
                loop.checkpoints.write(state.snapshot())
            loss, valid = epoch.losses["total"], epoch.valid[watched]
            progress.advance(0, f"epoch {epoch.number}, loss {loss:.4f}, valid {watched} {valid:.4f}")
            loop.heed(interrupts)
    assert state.best is not None  # noqa: S101 - max_epochs is at least 1
    return TrainedModel(state.best_weights, state.best, len(state.epochs))


class _Loop:
    """One training under way; begins with the newest checkpoint, if there is one."""

    def __init__(self, state: TrainingState, checkpoints: Checkpoints | None) -> None:
        self.state, self.group = state, state.steps.group
        self.checkpoints = checkpoints if self.group.from_first(checkpoints is not None) else None
        self.health = Health(state.steps.sequences, state.objective.steadied_by())
        found = self.checkpoints.read() if self.checkpoints is not None else None
        if self.group.from_first(found is not None):
            if found is None:
                raise TrainingError("The first process has a checkpoint that another does not see; they must share it.")
            state.restore(found)
            self._tell(f"Training goes on {self._where()}, from a checkpoint.")
        self.group.highest([0])  # all have read before one writes

    def run_epoch(self, progress: Progress, interrupts: Interrupts) -> None:
        """Train the steps of an epoch that are not done yet."""
        state = self.state
        state.begin_epoch()
        for batch in state.steps.batches(state.params.batch_size, done=state.step):
            self._step(batch)
            progress.advance()
            if self.health.due:
                self._look()
                self.heed(interrupts)
        self._look()

    def heed(self, interrupts: Interrupts) -> None:
        """Write a checkpoint where one is due; after Ctrl-C or SIGTERM too, say so, and stop."""
        due = self.checkpoints is not None and self.checkpoints.due()
        write, received = self.group.highest([int(due), interrupts.received or 0])
        if self.checkpoints is not None and (write or received):
            self.checkpoints.write(self.state.snapshot())
        if received:
            newest = self.checkpoints.newest() if self.checkpoints is not None else None
            kept = f"Run the same again and it goes on from {newest}." if newest else "Nothing of it is kept."
            self._tell(f"Training was stopped {self._where()}. {kept}")
            stop(received)

    def _step(self, batch: Tensor) -> None:
        state = self.state
        state.add_losses(state.make_step(batch, partial(self.health.note, state.step + 1, batch)))

    def _look(self) -> None:
        newest = self.checkpoints.newest() if self.checkpoints is not None else None
        rescue = f"The last good checkpoint is {newest}." if newest else "There is no checkpoint from before it."
        self.health.look(len(self.state.epochs) + 1, rescue)

    def _tell(self, line: str) -> None:
        if self.group.leads:
            tell(line)

    def _where(self) -> str:
        epochs, step = len(self.state.epochs), self.state.step
        return f"in epoch {epochs + 1} after step {step}" if step else f"after epoch {epochs}"
