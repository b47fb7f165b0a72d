"""ICSRec: L = L_rec + λ·L_cicl + β·L_ficl (Qin et al., Intent Contrastive Learning with Cross Subsequences, WSDM 2024).

Two prefixes h¹, h² that lead to the same target item have the same coarse intent. The fine intent c(h) of a prefix is
the nearest centre of K clusters of all training prefixes' states, found anew before every epoch, scaled to length 1:

    L_cicl = InfoNCE(h¹, h²), samples with the same target being no negatives of each other
    L_ficl = InfoNCE(h¹, c(h¹)) + InfoNCE(h², c(h²)), samples in the same cluster being no negatives of each other

InfoNCE is by dot product with temperature τ, over both views of all samples of a batch.

What differs from public code: h¹ is the state that L_rec is taken at, where that code encodes the prefix again, with
other dropout; clusters are found by 20 rounds from one random beginning on all states, without dropout, where that code
takes the best of five, on a sample.
"""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from sracl_core.batching.windows import Windows, prefix_windows
from sracl_core.model.backbone import Backbone
from sracl_core.objectives.protocol import Anchors, Context, Objective, ObjectiveParams, Term
from sracl_core.objectives.shared.clusters import k_means, nearest_centres
from sracl_core.objectives.shared.info_nce import info_nce
from sracl_core.objectives.shared.same_target import SameTarget
from sracl_core.objectives.shared.views import states_without_dropout, view_prefixes
from sracl_core.params.reading.kinds import Temperature, Weight


class ICSRecParams(ObjectiveParams):
    """Parameters of ICSRec."""

    coarse: Weight = Field(0.1, description="weight λ of the coarse intents' contrast; 0 switches it off")
    fine: Weight = Field(0.1, description="weight β of the fine intents' contrast; 0 switches it off")
    intents: int = Field(512, ge=1, le=1_000_000, description="fine intents K: clusters of prefixes")
    temperature: Temperature = Field(1.0, description="temperature τ of InfoNCE")
    mask_same_intent: bool = Field(True, description="leave samples of the same intent out of the negatives")


class ICSRec(Objective):
    """The contrasts of coarse and fine intents; what has weight 0 is never computed."""

    Params: ClassVar[type[ObjectiveParams]] = ICSRecParams
    params: ICSRecParams
    centres: Tensor  # [K, d]

    def __init__(self, params: ICSRecParams, context: Context) -> None:
        super().__init__(params, context)
        if not self.needs_anchors:
            return
        self.same_target = SameTarget(context.sequences)
        count = min(params.intents, len(self.same_target.positions)) if params.fine > 0 else 0
        self.register_buffer("centres", torch.zeros(count, context.hidden))

    @property
    def needs_anchors(self) -> bool:
        """Whether a contrast is on."""
        return self.params.coarse > 0 or self.params.fine > 0

    def begin_epoch(self, backbone: Backbone) -> None:
        """Find the clusters of all prefixes."""
        if self.params.fine == 0:
            return
        # In the order of positions, so that prefixes of one pass lie together and are read off it where they can be.
        positions = self.same_target.positions.sort().values
        parts = states_without_dropout(positions, lambda part: self._shared_windows(part, backbone), backbone)
        found = torch.cat([states for _, states in parts])
        states = torch.empty_like(found)
        states[self.same_target.rank[positions]] = found
        self.centres.copy_(k_means(states, len(self.centres), self.context.generator))

    def terms(self, anchors: Anchors, backbone: Backbone) -> list[Term]:
        """Return λ·L_cicl and β·L_ficl, of those whose weight is not 0."""
        params = self.params
        drawn = self.same_target.draw(anchors.positions, self.context.generator)  # alike in every process
        first = self.context.join(anchors.states, anchors)
        second = self.context.join(self._windows(drawn[anchors.own]).encode(backbone), anchors)
        terms = []
        if params.coarse > 0:
            targets = self.context.sequences.items[anchors.positions + 1]
            terms.append(Term("coarse_intent", params.coarse, self._contrast(first, second, targets)))
        if params.fine > 0:
            value = self._to_centres(first) + self._to_centres(second)
            terms.append(Term("fine_intent", params.fine, value))
        return terms

    def step_bytes(self, batch: int, length: float, per_position: float) -> dict[str, tuple[float, str]]:
        """Return the bytes of the other prefixes."""
        if not self.needs_anchors:
            return {}
        place = self.context.place
        how = f"train.batch_size, or set {place}.coarse and {place}.fine to 0"
        return {"views": (batch * length * per_position, how)}

    def steadied_by(self) -> str:
        """Return which temperature to raise."""
        return f"raise {self.context.place}.temperature" if self.needs_anchors else ""

    def _windows(self, positions: Tensor) -> Windows:
        return view_prefixes(self.context, positions)

    def _shared_windows(self, positions: Tensor, backbone: Backbone) -> Windows:
        begins = self.context.samples.begins[positions]
        return prefix_windows(self.context.sequences.items, begins, positions, shared=backbone.reads_prefixes)

    def _to_centres(self, states: Tensor) -> Tensor:
        """InfoNCE of states [B, d] and the centres nearest to them."""
        intents = nearest_centres(states.detach(), self.centres)  # [B]
        return self._contrast(states, F.normalize(self.centres[intents], dim=1), intents)

    def _contrast(self, first: Tensor, second: Tensor, intents: Tensor) -> Tensor:
        excluded = intents[:, None] == intents if self.params.mask_same_intent else None
        return info_nce(first, second, self.params.temperature, "dot", excluded)


PLUGIN = ICSRec
