"""The two contrastive branches of a step: candidates looked up, views drawn and encoded."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.model.encode import encode_packed, spans, window_offsets
from sracl_core.model.objectives.sracl import SRACL, Neighbours
from sracl_core.params.train import TrainParams
from sracl_core.training.candidates import build_candidates
from sracl_core.training.data import Semantics, Sequences
from sracl_core.training.samples import Samples
from sracl_core.training.substitution import substitute


@dataclass(frozen=True)
class Anchors:
    """The anchors of a step: the prefixes at `positions` int64 [B], and their `states` [B, d]."""

    positions: Tensor
    states: Tensor


class Contrast:
    """Computes L_CS and L_IS of anchors; `generator` (on the device) draws the substitutions."""

    def __init__(
        self,
        sequences: Sequences,
        semantics: Semantics,
        samples: Samples,
        params: TrainParams,
        generator: torch.Generator,
    ) -> None:
        self.sequences, self.semantics, self.samples, self.params = sequences, semantics, samples, params
        self.candidates = build_candidates(params.inter.candidates, sequences, semantics, samples)
        self.generator = generator

    def begin_epoch(self, backbone: Backbone) -> None:
        """Prepare for an epoch; called before its first step."""
        if self.params.alpha > 0:
            self.candidates.begin_epoch(backbone)

    def losses(self, anchors: Anchors, backbone: Backbone, objective: SRACL) -> tuple[Tensor | None, Tensor | None]:
        """Return L_CS and L_IS, None for a branch whose weight is 0."""
        return (
            self._inter_user(anchors, backbone, objective) if self.params.alpha > 0 else None,
            self._intra_user(anchors, backbone, objective) if self.params.beta > 0 else None,
        )

    def trained(self, positions: Tensor, states: Tensor) -> None:
        """Hear of the `states` [T, d] at the positions [T] where this step takes L_rec."""
        if self.params.alpha > 0:
            self.candidates.remember(positions, states)

    def _inter_user(self, anchors: Anchors, backbone: Backbone, objective: SRACL) -> Tensor:
        """L_CS: the anchors against what is synthesized from their candidates."""
        rows = self.semantics.prefix_at[anchors.positions]  # [B]
        pool = self.semantics.user_pool[rows]  # [B, k]
        states = self.candidates.states(pool.flatten(), backbone)
        neighbours = Neighbours(
            anchors=anchors.states,
            candidates=states.view(*pool.shape, -1),  # [B, k, d]
            anchor_semantics=self.semantics.embeddings[rows],  # [B, D]
            candidate_semantics=self.semantics.embeddings[pool],  # [B, k, D]
        )
        return objective.inter_user(neighbours)

    def _intra_user(self, anchors: Anchors, backbone: Backbone, objective: SRACL) -> Tensor:
        """L_IS: two semantic substitutions of every anchor's prefix against each other."""
        begins = self.samples.begins[anchors.positions]
        lengths = anchors.positions - begins + 1  # [B]
        items = self.sequences.items[spans(begins, lengths)].repeat(2)
        views = substitute(items, self.semantics.item_pool, self.params.intra.substitution_rate, self.generator)
        both = lengths.repeat(2)
        states = encode_packed(backbone, views, both)[window_offsets(both)[1:] - 1]  # [2B, d]
        first, second = states.chunk(2)
        return objective.intra_user(first, second)
