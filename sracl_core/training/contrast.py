"""The two contrastive branches of a step: candidates looked up, views drawn and encoded."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.model.objectives.sracl import SRACL
from sracl_core.params.train import TrainParams
from sracl_core.training.candidates import build_candidates
from sracl_core.training.data import Semantics, Sequences
from sracl_core.training.group import Group
from sracl_core.training.negatives import excluded_negatives
from sracl_core.training.samples import Samples
from sracl_core.training.substitution import view_windows
from sracl_core.training.windows import Windows, no_windows


@dataclass(frozen=True)
class Anchors:
    """The anchors of a step: the prefixes at `positions` int64 [B]; this process encodes the rows `own` [b].

    `states` [b, d] are those of its own anchors. A process alone has b = B.
    """

    positions: Tensor
    own: slice
    states: Tensor


class Contrast:
    """Computes L_CS and L_IS of anchors; `generator` (on the device) draws the substitutions."""

    def __init__(
        self,
        sequences: Sequences,
        semantics: Semantics,
        samples: Samples,
        params: TrainParams,
        *,
        generator: torch.Generator,
        group: Group,
    ) -> None:
        self.sequences, self.semantics, self.samples, self.params = sequences, semantics, samples, params
        self.candidates = build_candidates(params.inter.candidates, sequences, semantics, samples)
        self.generator, self.group = generator, group

    def begin_epoch(self, backbone: Backbone) -> None:
        """Prepare for an epoch; called before its first step."""
        if self.params.alpha > 0:
            self.candidates.begin_epoch(backbone)

    def losses(self, anchors: Anchors, backbone: Backbone, objective: SRACL) -> tuple[Tensor | None, Tensor | None]:
        """Return L_CS and L_IS, None for a branch whose weight is 0."""
        rows = self.semantics.prefix_at[anchors.positions]  # [B]
        own, count = anchors.own, len(rows)
        pool = self.semantics.user_pool[rows]  # [B, k]
        targets = self.sequences.items[anchors.positions + 1]
        excluded = excluded_negatives(self.params.negatives, targets, rows, pool)

        def join(states: Tensor) -> Tensor:
            return self.group.join(states, own.start, count)

        # What both branches need is collected first and encoded in one pass.
        views = self._views(anchors) if self.params.beta > 0 else no_windows(backbone.device)
        inter = intra = None
        if self.params.alpha > 0:
            embeddings = self.semantics.embeddings
            mixture = objective.mixture(embeddings[rows[own]], embeddings[pool[own]])
            candidates, seen = self.candidates.states(pool[own][mixture.kept], views, backbone)
            inter = objective.inter_user(anchors.states, mixture.mix(candidates), excluded, join)
        else:
            seen = views.encode(backbone)
        if self.params.beta > 0:
            first, second = seen.chunk(2)  # [b, d] each
            intra = objective.intra_user(first, second, excluded, join)
        return inter, intra

    def trained(self, positions: Tensor, states: Tensor) -> None:
        """Hear of the `states` [T, d] at the positions [T] where this step takes L_rec."""
        if self.params.alpha > 0:
            self.candidates.remember(positions, states)

    def _views(self, anchors: Anchors) -> Windows:
        """Windows of two semantic substitutions of every own anchor's prefix."""
        return view_windows(
            self.sequences.items,
            self.samples.begins[anchors.positions],
            anchors.positions,
            item_pool=self.semantics.item_pool,
            rate=self.params.intra.substitution_rate,
            generator=self.generator,
            own=anchors.own if self.group.size > 1 else None,
        )
