"""The two contrastive branches of a step: candidates looked up and encoded, views drawn and encoded."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.model.encode import encode_packed, spans, window_offsets
from sracl_core.model.objectives.sracl import SRACL, Neighbours
from sracl_core.training.data import Semantics, Sequences
from sracl_core.training.samples import Samples
from sracl_core.training.substitution import substitute
from sracl_core.training.windows import encode_prefixes


@dataclass(frozen=True)
class Anchors:
    """The anchors of a step: the prefixes at `positions` int64 [B], and their `states` [B, d]."""

    positions: Tensor
    states: Tensor


class Contrast:
    """Computes L_CS and L_IS of anchors; `generator` (on the device) draws the substitutions."""

    def __init__(
        self, sequences: Sequences, semantics: Semantics, samples: Samples, generator: torch.Generator
    ) -> None:
        self.sequences, self.semantics, self.samples, self.generator = sequences, semantics, samples, generator

    def inter_user(self, anchors: Anchors, backbone: Backbone, objective: SRACL) -> Tensor:
        """L_CS: the anchors against what is synthesized from their candidates, with gradient through both."""
        rows = self.semantics.prefix_at[anchors.positions]  # [B]
        pool = self.semantics.user_pool[rows]  # [B, k]
        candidates = self.semantics.position[pool].flatten()  # [B k]
        states = encode_prefixes(backbone, self.sequences.items, self.samples.begins[candidates], candidates)
        neighbours = Neighbours(
            anchors=anchors.states,
            candidates=states.view(*pool.shape, -1),  # [B, k, d]
            anchor_semantics=self.semantics.embeddings[rows],  # [B, D]
            candidate_semantics=self.semantics.embeddings[pool],  # [B, k, D]
        )
        return objective.inter_user(neighbours)

    def intra_user(self, anchors: Anchors, backbone: Backbone, objective: SRACL) -> Tensor:
        """L_IS: two semantic substitutions of every anchor's prefix against each other."""
        begins = self.samples.begins[anchors.positions]
        lengths = anchors.positions - begins + 1  # [B]
        items = self.sequences.items[spans(begins, lengths)].repeat(2)
        rate = objective.params.intra.substitution_rate
        views = substitute(items, self.semantics.item_pool, rate, self.generator)
        both = lengths.repeat(2)
        states = encode_packed(backbone, views, both)[window_offsets(both)[1:] - 1]  # [2B, d]
        first, second = states.chunk(2)
        return objective.intra_user(first, second)
