"""The two contrastive branches of a step: candidates looked up, views drawn and encoded."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.model.objectives.sracl import SRACL, Neighbours
from sracl_core.model.packed import spans, window_offsets
from sracl_core.params.train import TrainParams
from sracl_core.training.candidates import build_candidates
from sracl_core.training.data import Semantics, Sequences
from sracl_core.training.group import Group
from sracl_core.training.negatives import excluded_negatives
from sracl_core.training.samples import Samples
from sracl_core.training.substitution import substitute


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

        inter = intra = None
        if self.params.alpha > 0:
            neighbours = self._neighbours(anchors.states, rows[own], pool[own], backbone)
            inter = objective.inter_user(neighbours, excluded, join)
        if self.params.beta > 0:
            intra = objective.intra_user(*self._views(anchors, backbone), excluded, join)
        return inter, intra

    def trained(self, positions: Tensor, states: Tensor) -> None:
        """Hear of the `states` [T, d] at the positions [T] where this step takes L_rec."""
        if self.params.alpha > 0:
            self.candidates.remember(positions, states)

    def _neighbours(self, anchors: Tensor, rows: Tensor, pool: Tensor, backbone: Backbone) -> Neighbours:
        """The candidates `pool` [b, k] of the anchors with states [b, d], whose prefixes are `rows` [b]."""
        return Neighbours(
            anchors=anchors,
            anchor_semantics=self.semantics.embeddings[rows],  # [b, D]
            candidate_semantics=self.semantics.embeddings[pool],  # [b, k, D]
            encode=lambda asked: self.candidates.states(pool[asked], backbone),
        )

    def _views(self, anchors: Anchors, backbone: Backbone) -> tuple[Tensor, Tensor]:
        """The states [b, d] of two semantic substitutions of every own anchor's prefix.

        Substitutions are drawn for all anchors, so that every process draws the same.
        """
        begins = self.samples.begins[anchors.positions]
        lengths = anchors.positions - begins + 1  # [B]
        items = self.sequences.items[spans(begins, lengths)].repeat(2)
        views = substitute(items, self.semantics.item_pool, self.params.intra.substitution_rate, self.generator)
        if self.group.size > 1:
            bounds = window_offsets(lengths)[[anchors.own.start, anchors.own.stop]].tolist()
            views = views.view(2, -1)[:, slice(*bounds)].flatten()
        both = lengths[anchors.own].repeat(2)
        states = backbone.encode(views, both, window_offsets(both)[1:] - 1)  # [2b, d]
        first, second = states.chunk(2)
        return first, second
