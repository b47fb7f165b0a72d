"""Training sequences as one flat tensor on the device."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sracl_core.ragged import Ragged


@dataclass(frozen=True)
class Sequences:
    """Training sequences as one flat tensor.

    `items` int64 [N]; those of user u are `items[offsets[u]:offsets[u + 1]]`, with `offsets` int64 [U + 1].
    """

    items: Tensor
    offsets: Tensor

    @classmethod
    def from_ragged(cls, train: Ragged, device: torch.device) -> "Sequences":
        """Put the training sequences on `device`."""
        items = torch.as_tensor(train.values.astype(np.int64), device=device)
        return cls(items, torch.as_tensor(train.offsets, device=device))

    def lengths(self) -> Tensor:
        """Training items of every user, int64 [U]."""
        return self.offsets.diff()

    def users(self) -> Tensor:
        """The user of every position, int64 [N]."""
        lengths = self.lengths()
        return torch.repeat_interleave(torch.arange(len(lengths), device=lengths.device), lengths)

    def to_ragged(self) -> Ragged:
        """Return what this object really holds, for the leakage certificate."""
        return Ragged(self.items.cpu().numpy().astype(np.int32), self.offsets.cpu().numpy())
