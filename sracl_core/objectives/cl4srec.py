"""CL4SRec: L = L_rec + λ·L_CL (Xie et al., Contrastive Learning for Sequential Recommendation, ICDE 2022).

Each of B sequences gets two views s′, s″ by two of three random augmentations: crop, mask, reorder.

    L_CL = mean over both views h of every sample of  −log exp(h·h⁺/τ) / (exp(h·h⁺/τ) + Σ_{h⁻} exp(h·h⁻/τ))

where h⁺ is the sample's other view and h⁻ are the 2(B − 1) views of the other samples; the paper has no τ, which is 1.

What differs from public code: a masked item has the zero vector of padding, where that code learns a vector for it; a
crop keeps one item at least; a window of one item is augmented as any other.
"""

from typing import ClassVar

from pydantic import Field

from sracl_core.model.backbone import Backbone
from sracl_core.objectives.protocol import Anchors, Objective, ObjectiveParams, Term
from sracl_core.objectives.shared.info_nce import Similarity, info_nce
from sracl_core.objectives.shared.views import view_augmented
from sracl_core.params.reading.kinds import Share, Temperature, Weight


class CL4SRecParams(ObjectiveParams):
    """Parameters of CL4SRec."""

    weight: Weight = Field(0.1, description="weight λ of the contrast; 0 switches it off")
    similarity: Similarity = Field("dot", description="similarity inside InfoNCE")
    temperature: Temperature = Field(1.0, description="temperature τ of InfoNCE")
    crop: Share = Field(0.6, description="share η of a window that a crop keeps")
    mask: Share = Field(0.3, description="share γ of a window's items that are masked")
    reorder: Share = Field(0.6, description="share β of a window that is reordered")


class CL4SRec(Objective):
    """The contrast of two augmentations of every anchor's prefix."""

    Params: ClassVar[type[ObjectiveParams]] = CL4SRecParams
    params: CL4SRecParams

    @property
    def needs_anchors(self) -> bool:
        """Whether the contrast is on."""
        return self.params.weight > 0

    def terms(self, anchors: Anchors, backbone: Backbone) -> list[Term]:
        """Return λ·L_CL."""
        views = view_augmented(self.context, anchors, (self.params.crop, self.params.mask, self.params.reorder))
        first, second = views.encode(backbone).chunk(2)  # [b, d] each
        first, second = self.context.join(first, anchors), self.context.join(second, anchors)
        value = info_nce(first, second, self.params.temperature, self.params.similarity)
        return [Term("augmented", self.params.weight, value)]

    def step_bytes(self, batch: int, length: float, per_position: float) -> dict[str, tuple[float, str]]:
        """Return the bytes of the views, of which a crop is shorter."""
        if not self.needs_anchors:
            return {}
        size = 2 * batch * length * per_position
        return {"views": (size, f"train.batch_size, or set {self.context.place}.weight to 0")}

    def steadied_by(self) -> str:
        """Return which temperature to raise."""
        return f"raise {self.context.place}.temperature" if self.needs_anchors else ""


PLUGIN = CL4SRec
