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
from sracl_core.training.windows import Windows, join_windows, no_windows


@dataclass(frozen=True)
class Anchors:
    """The anchors of a step: in each of A draws the prefixes at `positions` int64 [A, B], one of every sample.

    This process encodes the samples `own` [b]; `states` [A, b, d] are those of their anchors. A process alone has
    b = B.
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
        """Return L_CS and L_IS, None for a branch whose weight is 0: the mean over the draws.

        Anchors of one draw are each other's negatives, so that a sample never meets itself.
        """
        rows = self.semantics.prefix_at[anchors.positions]  # [A, B]
        own, count = anchors.own, rows.shape[1]
        pool = self.semantics.user_pool[rows]  # [A, B, k]
        targets = self.sequences.items[anchors.positions + 1]
        masks = self.params.negatives
        excluded = [excluded_negatives(masks, *draw) for draw in zip(targets, rows, pool, strict=True)]

        def join(states: Tensor) -> Tensor:
            return self.group.join(states, own.start, count)

        # What both branches need of every draw is collected first and encoded in one pass.
        views = self._views(anchors) if self.params.beta > 0 else no_windows(backbone.device)
        inter = intra = None
        if self.params.alpha > 0:
            embeddings, own_pool = self.semantics.embeddings, pool[:, own].flatten(0, 1)  # [A·b, k]
            mixture = objective.mixture(embeddings[rows[:, own].flatten()], embeddings[own_pool])
            candidates, seen = self.candidates.states(own_pool[mixture.kept], views, backbone)
            positives = mixture.mix(candidates).view_as(anchors.states)  # [A, b, d]
            draws = zip(anchors.states, positives, excluded, strict=True)
            inter = torch.stack([objective.inter_user(*draw, join) for draw in draws]).mean()
        else:
            seen = views.encode(backbone)
        if self.params.beta > 0:
            pairs = zip(seen.unflatten(0, (len(rows), 2, -1)), excluded, strict=True)  # [2, b, d] of each draw
            intra = torch.stack([objective.intra_user(one, other, out, join) for (one, other), out in pairs]).mean()
        return inter, intra

    def trained(self, positions: Tensor, states: Tensor) -> None:
        """Hear of the `states` [T, d] at the positions [T] where this step takes L_rec."""
        if self.params.alpha > 0:
            self.candidates.remember(positions, states)

    def _views(self, anchors: Anchors) -> Windows:
        """Windows of two semantic substitutions of every own anchor's prefix, draw by draw."""
        return join_windows(
            [
                view_windows(
                    self.sequences.items,
                    self.samples.begins[positions],
                    positions,
                    item_pool=self.semantics.item_pool,
                    rate=self.params.intra.substitution_rate,
                    generator=self.generator,
                    own=anchors.own if self.group.size > 1 else None,
                )
                for positions in anchors.positions
            ]
        )
