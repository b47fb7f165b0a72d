"""How training prefixes become samples: the modes `causal` and `prefix`.

A prefix is named by its *position*: the flat position of its last item in `Sequences.items`. Its target is the item at
the next position. A mode says which prefixes are samples, in which window each prefix is encoded, and where L_rec is
taken; everything else is the same code.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sracl_core.batching.sequences import Sequences
from sracl_core.model.packed import spans


@dataclass(frozen=True)
class Samples:
    """The samples of one mode.

    `lasts` int64 [S]: the position with which each sample's window ends. `begins` int64 [N]: where the window of the
    prefix at each position begins, so that this prefix is `items[begins[n]:n + 1]`, at most max_length items.
    `every_position`: L_rec is taken at every position of a sample's window, and its contrastive anchor is one of them,
    drawn at random; otherwise both are the last position alone.
    """

    begins: Tensor
    lasts: Tensor
    every_position: bool

    def trained(self) -> Tensor:
        """The positions at which L_rec is taken in an epoch, int64."""
        begins = self.begins[self.lasts]
        return spans(begins, self.lasts - begins + 1) if self.every_position else self.lasts


def causal_samples(sequences: Sequences, max_length: int) -> Samples:
    """Mode `causal`: one pass over a user's last `max_length` items that have a successor yields all its prefixes.

    A prefix that ends inside the pass of its user is read off it; one that ends before it has a window of its own,
    and is never clamped to another position.
    """
    begins = _own_windows(sequences, max_length)  # [N]
    lasts = sequences.offsets[1:][sequences.lengths() > 1] - 2  # [S], one a user with something to predict
    passes = begins[lasts]  # [S]
    lengths = lasts - passes + 1
    begins[spans(passes, lengths)] = torch.repeat_interleave(passes, lengths)
    return Samples(begins, lasts, every_position=True)


def prefix_samples(sequences: Sequences, max_length: int) -> Samples:
    """Mode `prefix` (SRA-CL as published): every prefix with a target is a sample, in a window of its own."""
    users = sequences.users()
    lasts = (users[1:] == users[:-1]).nonzero().squeeze(1)  # [S], the next item is the same user's
    return Samples(_own_windows(sequences, max_length), lasts, every_position=False)


MODES: dict[str, Callable[[Sequences, int], Samples]] = {"causal": causal_samples, "prefix": prefix_samples}


def _own_windows(sequences: Sequences, max_length: int) -> Tensor:
    """Where the last `max_length` items up to each position begin, int64 [N]."""
    positions = torch.arange(len(sequences.items), device=sequences.items.device)
    return torch.maximum(sequences.offsets[sequences.users()], positions + 1 - max_length)
