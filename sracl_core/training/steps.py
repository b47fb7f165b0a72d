"""The steps of an epoch: which samples meet in a batch, and what their losses are."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.model.encode import encode_packed, spans, window_offsets
from sracl_core.model.losses import next_item_loss
from sracl_core.model.objectives.sracl import SRACL
from sracl_core.training.contrast import Anchors, Contrast
from sracl_core.training.data import Semantics, Sequences
from sracl_core.training.samples import Samples


@dataclass(frozen=True)
class Losses:
    """The parts of the objective in one step; a branch that is off is None."""

    recommendation: Tensor
    inter_user: Tensor | None
    intra_user: Tensor | None

    def total(self, alpha: float, beta: float) -> Tensor:
        """L_rec + α·L_CS + β·L_IS."""
        total = self.recommendation
        if self.inter_user is not None:
            total = total + alpha * self.inter_user
        if self.intra_user is not None:
            total = total + beta * self.intra_user
        return total


class Steps:
    """Makes batches of samples and computes their losses.

    `seed` decides the order of samples; the contrastive branches draw from a generator of their own, so that switching
    them off changes nothing else. Without `semantics` there are no contrastive branches.
    """

    def __init__(self, sequences: Sequences, semantics: Semantics | None, samples: Samples, seed: int) -> None:
        self.sequences, self.samples = sequences, samples
        self.order = torch.Generator().manual_seed(seed)
        self.sampling = torch.Generator(device=sequences.items.device).manual_seed(seed + 1)
        self.contrast = None if semantics is None else Contrast(sequences, semantics, samples, self.sampling)

    def count(self, batch_size: int) -> int:
        """How many batches an epoch has."""
        return -(-len(self.samples.lasts) // batch_size)

    def batches(self, batch_size: int) -> Iterator[Tensor]:
        """Yield one epoch, every sample once, shuffled: int64 [≤ batch_size], the last positions of their windows."""
        lasts = self.samples.lasts
        yield from lasts[torch.randperm(len(lasts), generator=self.order).to(lasts.device)].split(batch_size)

    def losses(self, lasts: Tensor, backbone: Backbone, objective: SRACL) -> Losses:
        """Return the losses of one batch of samples, named by the last position of their windows [B]."""
        # A sample has a pass of its own, even beside another of the same user: its dropout is its own, and α = β = 0
        # is the plain backbone to the bit.
        begins = self.samples.begins[lasts]
        lengths = lasts - begins + 1  # [B]
        positions = spans(begins, lengths)  # [T]
        states = encode_packed(backbone, self.sequences.items[positions], lengths)  # [T, d]
        ends = window_offsets(lengths)[1:] - 1  # [B] rows of the last positions
        predicted = slice(None) if self.samples.every_position else ends
        targets = self.sequences.items[positions[predicted] + 1]
        recommendation = next_item_loss(states[predicted], targets, backbone.item_vectors())
        if self.contrast is None:
            return Losses(recommendation, None, None)
        rows = self._anchor_rows(ends, lengths)
        anchors = Anchors(positions[rows], states[rows])
        return Losses(
            recommendation,
            self.contrast.inter_user(anchors, backbone, objective) if objective.params.alpha > 0 else None,
            self.contrast.intra_user(anchors, backbone, objective) if objective.params.beta > 0 else None,
        )

    def _anchor_rows(self, ends: Tensor, lengths: Tensor) -> Tensor:
        """The row of each window's anchor, [B]."""
        if not self.samples.every_position:
            return ends
        draw = torch.rand(len(lengths), generator=self.sampling, device=lengths.device)
        steps = torch.minimum((draw * lengths).long(), lengths - 1)  # the product may round up to the length
        return ends - lengths + 1 + steps
