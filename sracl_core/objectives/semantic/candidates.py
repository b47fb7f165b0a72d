"""Where the states of the inter-user contrast's candidates come from (`inter.candidates`)."""

from typing import Protocol

import torch
from torch import Tensor, nn

from sracl_core.batching.windows import Windows, prefix_windows
from sracl_core.model.backbone import Backbone
from sracl_core.objectives.protocol import Context
from sracl_core.objectives.semantic.semantics import Semantics
from sracl_core.objectives.shared.views import states_without_dropout


class Candidates(Protocol):
    """Gives the states of prefixes, and hears of the states that training computes anyway."""

    def begin_epoch(self, backbone: Backbone) -> None:
        """Prepare for an epoch; called before its first step."""

    def states(self, rows: Tensor, views: Windows, backbone: Backbone) -> tuple[Tensor, Tensor]:
        """Return the states of the prefixes `rows` int64 [M], [M, d], and what `views` reads, from one pass if it can.

        The views' states always have a gradient.
        """

    def remember(self, positions: Tensor, states: Tensor) -> None:
        """Hear of the `states` [T, d] that this step trained for the prefixes at `positions` [T]."""


class Encoded:
    """Candidates encoded in every step, with dropout as the anchors, and with gradient (the paper) or without.

    Without gradient nothing but the gradient differs: the positives are as noisy as with it.
    """

    def __init__(self, context: Context, semantics: Semantics, *, gradient: bool) -> None:
        self.sequences, self.samples = context.sequences, context.samples
        self.semantics, self.gradient = semantics, gradient

    def begin_epoch(self, backbone: Backbone) -> None:
        """Nothing is kept."""

    def states(self, rows: Tensor, views: Windows, backbone: Backbone) -> tuple[Tensor, Tensor]:
        """Return the states of the prefixes `rows` int64 [M], [M, d], and what `views` reads."""
        if self.gradient:
            return self.windows(rows, backbone).encode_with(views, backbone)
        with torch.no_grad():
            candidates = self.windows(rows, backbone).encode(backbone)
        return candidates, views.encode(backbone)

    def windows(self, rows: Tensor, backbone: Backbone) -> Windows:
        """Return windows that read the prefixes `rows` int64 [M]."""
        lasts = self.semantics.position[rows]
        begins = self.samples.begins[lasts]
        return prefix_windows(self.sequences.items, begins, lasts, shared=backbone.reads_prefixes)

    def remember(self, positions: Tensor, states: Tensor) -> None:
        """Nothing is kept."""


class Bank(nn.Module):
    """Candidates looked up in a memory of every prefix's last state, [P, d] on the device, without gradient.

    It is filled by one pass without dropout before the first step. Every step then leaves in it the states at the
    positions where L_rec was taken, with the dropout they were trained with: an entry is at most about an epoch old.
    Prefixes that no step trains (those before the pass of a long history in mode `causal`) are encoded anew before
    every epoch.
    """

    memory: Tensor  # [P, d]

    def __init__(self, context: Context, semantics: Semantics) -> None:
        super().__init__()
        self.encoded = Encoded(context, semantics, gradient=False)
        self.semantics = semantics
        self.untrained = (~torch.isin(semantics.position, context.samples.trained())).nonzero().squeeze(1)
        self.register_buffer("memory", torch.zeros(len(semantics.position), context.hidden))
        self.filled = False

    def begin_epoch(self, backbone: Backbone) -> None:
        """Fill the whole memory the first time, and later what no step reaches."""
        rows = self.untrained if self.filled else torch.arange(len(self.memory), device=backbone.device)
        self.filled = True
        for part, states in states_without_dropout(rows, lambda part: self.encoded.windows(part, backbone), backbone):
            self.memory[part] = states

    def get_extra_state(self) -> Tensor:
        """Return whether the memory has been filled, for a checkpoint."""
        return torch.tensor(self.filled)

    def set_extra_state(self, state: Tensor) -> None:
        """Take what `get_extra_state` returned."""
        self.filled = bool(state)

    def states(self, rows: Tensor, views: Windows, backbone: Backbone) -> tuple[Tensor, Tensor]:
        """Return the states last seen of the prefixes `rows` int64 [M], [M, d], and what `views` reads."""
        if not self.filled:
            raise ValueError("the bank is empty: begin_epoch comes before the first step")
        return self.memory[rows], views.encode(backbone)

    def remember(self, positions: Tensor, states: Tensor) -> None:
        """Keep the states of those prefixes at `positions` [T] that are rows of the table."""
        rows = self.semantics.prefix_at[positions]
        own = self.semantics.position[rows] == positions  # other rows only stand for the prefix
        self.memory[rows[own]] = states.detach()[own]


def build_candidates(kind: str, context: Context, semantics: Semantics) -> Candidates:
    """Return the source named `kind`: `gradient`, `detached` or `bank`."""
    if kind == "bank":
        return Bank(context, semantics)
    return Encoded(context, semantics, gradient=kind == "gradient")
