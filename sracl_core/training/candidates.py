"""Where the states of the inter-user contrast's candidates come from (`train.inter.candidates`)."""

from typing import Protocol

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.training.data import Semantics, Sequences
from sracl_core.training.samples import Samples
from sracl_core.training.windows import Windows, prefix_windows

FILL_ROWS = 1024  # prefixes encoded at once to fill the bank


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

    def kept(self) -> dict[str, Tensor]:
        """Return what a later process needs to go on from here."""

    def restore(self, kept: dict[str, Tensor]) -> None:
        """Go on from what `kept` returned."""


class Encoded:
    """Candidates encoded in every step, with dropout as the anchors, and with gradient (the paper) or without.

    Without gradient nothing but the gradient differs: the positives are as noisy as with it.
    """

    def __init__(self, sequences: Sequences, semantics: Semantics, samples: Samples, *, gradient: bool) -> None:
        self.sequences, self.semantics, self.samples, self.gradient = sequences, semantics, samples, gradient

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

    def kept(self) -> dict[str, Tensor]:
        """Nothing is kept."""
        return {}

    def restore(self, kept: dict[str, Tensor]) -> None:
        """Nothing is kept."""


class Bank:
    """Candidates looked up in a memory of every prefix's last state, [P, d] on the device, without gradient.

    It is filled by one pass without dropout before the first step. Every step then leaves in it the states at the
    positions where L_rec was taken, with the dropout they were trained with: an entry is at most about an epoch old.
    Prefixes that no step trains (those before the pass of a long history in mode `causal`) are encoded anew before
    every epoch.
    """

    def __init__(self, sequences: Sequences, semantics: Semantics, samples: Samples) -> None:
        self.encoded = Encoded(sequences, semantics, samples, gradient=False)
        self.semantics = semantics
        self.untrained = (~torch.isin(semantics.position, samples.trained())).nonzero().squeeze(1)
        self.memory: Tensor | None = None  # [P, d]

    @torch.no_grad()
    def begin_epoch(self, backbone: Backbone) -> None:
        """Fill the whole memory the first time, and later what no step reaches."""
        rows = self.untrained
        if self.memory is None:
            rows = torch.arange(len(self.semantics.position), device=backbone.device)
            self.memory = backbone.item_vectors().new_zeros(len(rows), backbone.params.hidden)
        training = backbone.training
        backbone.eval()
        for first in range(0, len(rows), FILL_ROWS):
            part = rows[first : first + FILL_ROWS]
            self.memory[part] = self.encoded.windows(part, backbone).encode(backbone)
        backbone.train(training)

    def states(self, rows: Tensor, views: Windows, backbone: Backbone) -> tuple[Tensor, Tensor]:
        """Return the states last seen of the prefixes `rows` int64 [M], [M, d], and what `views` reads."""
        if self.memory is None:
            raise ValueError("the bank is empty: begin_epoch comes before the first step")
        return self.memory[rows], views.encode(backbone)

    def remember(self, positions: Tensor, states: Tensor) -> None:
        """Keep the states of those prefixes at `positions` [T] that are rows of the table."""
        assert self.memory is not None  # noqa: S101 - states() comes first
        rows = self.semantics.prefix_at[positions]
        own = self.semantics.position[rows] == positions  # other rows only stand for the prefix
        self.memory[rows[own]] = states.detach()[own]

    def kept(self) -> dict[str, Tensor]:
        """Return the memory, once it is filled."""
        return {} if self.memory is None else {"bank": self.memory}

    def restore(self, kept: dict[str, Tensor]) -> None:
        """Take the memory of `kept`, if it was filled."""
        if "bank" in kept:
            self.memory = kept["bank"].to(self.semantics.position.device)


def build_candidates(kind: str, sequences: Sequences, semantics: Semantics, samples: Samples) -> Candidates:
    """Return the source named `kind`: `gradient`, `detached` or `bank`."""
    if kind == "bank":
        return Bank(sequences, semantics, samples)
    return Encoded(sequences, semantics, samples, gradient=kind == "gradient")
