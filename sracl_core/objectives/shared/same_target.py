"""Prefixes that lead to the same item."""

import torch
from torch import Tensor

from sracl_core.batching.sequences import Sequences
from sracl_core.model.packed import window_offsets


class SameTarget:
    """An index of all prefixes with a target by their target.

    `positions` int64 [S] are sorted by target, those of item i being `positions[offsets[i]:offsets[i + 1]]`; `rank`
    int64 [N] says where in them a position is.
    """

    def __init__(self, sequences: Sequences) -> None:
        self.items, users = sequences.items, sequences.users()
        positions = (users[1:] == users[:-1]).nonzero().squeeze(1)  # the next item is the same user's
        targets = self.items[positions + 1]  # [S]
        self.positions = positions[torch.argsort(targets, stable=True)]
        self.offsets = window_offsets(torch.bincount(targets))
        self.rank = torch.zeros_like(self.items)
        self.rank[self.positions] = torch.arange(len(positions), device=positions.device)

    def draw(self, positions: Tensor, generator: torch.Generator) -> Tensor:
        """Return for each position int64 [B] another one with the same target, each as likely; itself if alone."""
        targets = self.items[positions + 1]
        first, others = self.offsets[targets], self.offsets.diff()[targets] - 1
        draw = torch.rand(len(positions), generator=generator, device=positions.device)
        # So many places further round the circle; the product may round up, and must not come back to itself.
        further = torch.minimum((draw * others).long() + 1, others)
        return self.positions[first + (self.rank[positions] - first + further) % (others + 1)]
