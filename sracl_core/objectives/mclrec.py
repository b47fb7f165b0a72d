"""MCLRec (Qin et al., Meta-optimized Contrastive Learning for Sequential Recommendation, SIGIR 2023).

Each of B sequences gets two views by two of three random augmentations (crop, mask, reorder), whose states are h¹, h²;
two learned networks, the augmenters, make z¹ = w₁(h¹) and z² = w₂(h²) of them. Steps take turns:

    the encoder, by   L₀ = L_rec + λ·L_cl1 + β·L_cl2 + γ·R        the augmenters stay as they are
    the augmenters, by L₁ = L_cl2 + γ·R                           of the same views, encoded again by the new encoder

    L_cl1 = InfoNCE(h¹, h²)      L_cl2 = InfoNCE(z¹, z²) + InfoNCE(h¹, z²) + InfoNCE(h², z¹)

InfoNCE is by dot product with temperature τ (the paper has none: 1), over both views of all samples of a batch. R keeps
the learned views from falling together. Of the dot products of all z¹ with all z² let σ⁺ be those of one sample and σ⁻
the others, o_min and o_max the smaller and the larger of min σ⁺ and max σ⁻:

    R = mean [σ⁺ − o_min]₊ + mean [o_max − σ⁻]₊ = mean σ⁺ − mean σ⁻ + |min σ⁺ − max σ⁻|

since no difference is ever below 0. An augmenter has three linear maps, to d/2, d/4 and d numbers, with GELU between
them, and its result has length 1, as in public code; the paper says that there are three.

What differs from the paper: InfoNCE is the mean over both views, as in public code, where the paper adds them; β = 0
leaves out R with the augmenters.

What differs from public code: that code moves the encoder a second time, after the augmenters; takes R of all three
pairs of L_cl2, with o_min and o_max of every row and views of one kind among the negatives; weighs R in L₁ by 0.1,
where the paper has γ = 0.1·β in both; has a temperature and a cosine for L_cl1 alone. It leaves windows of one item
as they are, keeps the attention from masked items, whose vector is one that was never trained, and may crop a window
of two or more items to none; here a window of one item is augmented as any other, a masked item has the zero vector
and its place, and a crop keeps one item at least.
"""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.batching.windows import Windows
from sracl_core.model.backbone import Backbone
from sracl_core.objectives.protocol import Anchors, Context, Objective, ObjectiveParams, SecondWeights, Term
from sracl_core.objectives.shared.info_nce import info_nce
from sracl_core.objectives.shared.views import view_augmented
from sracl_core.params.reading.kinds import Share, Temperature, Weight


class MCLRecParams(ObjectiveParams):
    """Parameters of MCLRec; its authors chose λ and β for each data set, here they are those of Yelp."""

    augmented: Weight = Field(0.03, description="weight λ of the contrast of the augmentations; 0 switches it off")
    learned: Weight = Field(0.1, description="weight β of the contrasts with the learned views; 0 switches them off")
    regularisation: Weight = Field(0.01, description="weight γ of the regularisation of the learned views")
    temperature: Temperature = Field(1.0, description="temperature τ of InfoNCE")
    crop: Share = Field(0.5, description="share of a window that a crop keeps")
    mask: Share = Field(0.5, description="share of a window's items that are masked")
    reorder: Share = Field(0.8, description="share of a window that is reordered")
    learning_rate: float = Field(0.001, ge=1e-12, le=100, description="step size of the augmenters' optimizer")


class MCLRec(Objective):
    """The contrasts of augmented and learned views; what has weight 0 is never computed."""

    Params: ClassVar[type[ObjectiveParams]] = MCLRecParams
    params: MCLRecParams

    def __init__(self, params: MCLRecParams, context: Context) -> None:
        super().__init__(params, context)
        count = 2 if params.learned > 0 else 0
        self.augmenters = nn.ModuleList(Augmenter(context.hidden) for _ in range(count))
        self._last: tuple[Windows, Anchors] | None = None  # views and anchors of the last `terms`

    @property
    def second_weights(self) -> list[SecondWeights]:
        """The augmenters' weights."""
        weights = list(self.augmenters.parameters())
        return [SecondWeights(weights, self.params.learning_rate)] if weights else []

    @property
    def needs_anchors(self) -> bool:
        """Whether a contrast is on."""
        return self.params.augmented > 0 or self.params.learned > 0

    def terms(self, anchors: Anchors, backbone: Backbone) -> list[Term]:
        """Return λ·L_cl1, and β·L_cl2 and γ·R, of those whose weight is not 0."""
        params = self.params
        views = view_augmented(self.context, anchors, (params.crop, params.mask, params.reorder))
        first, second = views.encode(backbone).chunk(2)  # [b, d] each
        terms = []
        if params.augmented > 0:
            joint = self.context.join(first, anchors), self.context.join(second, anchors)
            terms.append(Term("augmented", params.augmented, info_nce(*joint, params.temperature, "dot")))
        if params.learned > 0:
            self._last = views, anchors
            terms += self._learned(first, second, anchors, params.learned)
        return terms

    def second_terms(self, backbone: Backbone) -> list[Term]:
        """Return L_cl2 and γ·R of the views of the last `terms`, as `backbone` encodes them now."""
        assert self._last is not None  # noqa: S101 - a second step comes after a first one
        views, anchors = self._last
        with torch.no_grad():
            first, second = views.encode(backbone).chunk(2)
        return self._learned(first, second, anchors, 1.0)

    def step_bytes(self, batch: int, length: float, per_position: float) -> dict[str, tuple[float, str]]:
        """Return the bytes of the views, of which a crop is shorter; the second step keeps none of them."""
        if not self.needs_anchors:
            return {}
        place = self.context.place
        how = f"train.batch_size, or set {place}.augmented and {place}.learned to 0"
        return {"views": (2 * batch * length * per_position, how)}

    def steadied_by(self) -> str:
        """Return which temperature to raise."""
        return f"raise {self.context.place}.temperature" if self.needs_anchors else ""

    def _learned(self, first: Tensor, second: Tensor, anchors: Anchors, weight: float) -> list[Term]:
        """L_cl2 with `weight`, and γ·R, of this process's h¹ and h² [b, d] and what the augmenters make of them."""
        made = [augmenter(states) for augmenter, states in zip(self.augmenters, (first, second), strict=True)]
        h1, h2, z1, z2 = (self.context.join(states, anchors) for states in (first, second, *made))
        pairs = (z1, z2), (h1, z2), (h2, z1)
        contrasts = torch.stack([info_nce(*pair, self.params.temperature, "dot") for pair in pairs])
        terms = [Term("learned", weight, contrasts.sum())]
        if self.params.regularisation > 0:
            terms.append(Term("regularisation", self.params.regularisation, spread(z1 @ z2.T)))
        return terms


class Augmenter(nn.Module):
    """A learned view of a state."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        half, quarter = max(1, hidden // 2), max(1, hidden // 4)
        self.layers = nn.Sequential(
            nn.Linear(hidden, half), nn.GELU(), nn.Linear(half, quarter), nn.GELU(), nn.Linear(quarter, hidden)
        )

    def forward(self, states: Tensor) -> Tensor:
        """Return the views of states [B, d], [B, d], each of length 1."""
        return F.normalize(self.layers(states), dim=1)


def spread(scores: Tensor) -> Tensor:
    """Return R of the dot products [B, B] of two views of B samples; 0 where there is but one sample."""
    if len(scores) == 1:
        return 0 * scores.sum()
    own = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    same, others = scores[own], scores[~own]
    return same.mean() - others.mean() + (same.min() - others.max()).abs()


PLUGIN = MCLRec
