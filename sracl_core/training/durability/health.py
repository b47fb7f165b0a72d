"""Losses and gradients that are no numbers any more: found without making a GPU wait at every step."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from sracl_core.batching.sequences import Sequences
from sracl_core.ground.errors import TrainingError

STEPS_BETWEEN_LOOKS = 50  # where reading a number back makes the device wait
NAMED_SAMPLES = 5


@dataclass(frozen=True)
class _Seen:
    step: int
    batch: Tensor  # int64 [B], the last positions of its windows
    names: tuple[str, ...]
    finite: Tensor  # bool [names], on the device


class Health:
    """Notes of every step whether its losses and its gradient are finite, and looks every few steps.

    The batches since the last look are kept, so that the first bad step can be named. `steadied_by` is what to change
    of the objective, beside the learning rate, where one is found.
    """

    def __init__(self, sequences: Sequences, steadied_by: str = "") -> None:
        self.sequences, self.steadied_by = sequences, steadied_by
        self.steps_between_looks = 1 if sequences.items.device.type == "cpu" else STEPS_BETWEEN_LOOKS
        self._seen: list[_Seen] = []

    def note(self, step: int, batch: Tensor, losses: dict[str, Tensor], weights: Iterable[Tensor]) -> Tensor:
        """Note the `losses` of a step and the gradient that `weights` have got; return its norm."""
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)  # finite where all of it is
        values = torch.stack([*(value.detach() for value in losses.values()), norm])
        names = (*(f"loss ({name})" for name in losses), "gradient")
        self._seen.append(_Seen(step, batch, names, values.isfinite()))
        return norm

    @property
    def due(self) -> bool:
        """Whether it is time to look."""
        return len(self._seen) >= self.steps_between_looks

    def look(self, epoch: int, rescue: str) -> None:
        """Raise TrainingError, naming the first step noted since the last look that is not finite, if there is one.

        `rescue` tells what is left to go on from.
        """
        seen, self._seen = self._seen, []
        if not seen:
            return
        finite = iter(torch.cat([one.finite for one in seen]).tolist())  # read back at once
        for one in seen:
            broken = [name for name, good in zip(one.names, islice(finite, len(one.names)), strict=True) if not good]
            if broken:
                advice = ", or ".join(part for part in ("Lower train.learning_rate", self.steadied_by) if part)
                raise TrainingError(
                    f"The {', '.join(broken)} is not finite in epoch {epoch}, step {one.step}, whose samples were of "
                    f"{self._samples(one.batch)}. {advice}. {rescue}"
                )

    def _samples(self, batch: Tensor) -> str:
        """The first samples of a batch, by the user's number and the end of the prefix in the training sequence."""
        offsets = self.sequences.offsets
        users = torch.searchsorted(offsets, batch, right=True) - 1
        pairs = list(zip(users.tolist(), (batch - offsets[users] + 1).tolist(), strict=True))
        named = ", ".join(f"user {user} up to item {end}" for user, end in pairs[:NAMED_SAMPLES])
        rest = len(pairs) - NAMED_SAMPLES
        return f"{named} and {rest} more" if rest > 0 else named
