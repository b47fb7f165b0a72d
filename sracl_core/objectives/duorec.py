"""DuoRec: L = L_rec + λ·L_reg (Qiu et al., Contrastive Learning for Representation Degeneration, WSDM 2022).

Each of B prefixes with state h has two views: h′, the same prefix encoded with other dropout (unsupervised), and h′_s,
another prefix that leads to the same target item (supervised); one that is alone with its target stands for itself.

    L_reg = mean over both views h of every sample of  −log exp(h·h⁺/τ) / (exp(h·h⁺/τ) + Σ_{h⁻} exp(h·h⁻/τ))

where h⁺ is the other view of the pair and h⁻ are both views of the samples with another target. `contrast` says which
pairs there are: `across` (h′, h′_s), the paper's L_reg; `each` (h, h′) and (h, h′_s), a term with weight λ each;
`unsupervised` or `supervised`, one of these two alone, the paper's ablations.

What differs from public code (its `contrast` us_x, us, un, su): that code leaves samples with the same target among the
negatives (`mask_same_target: false`).
"""

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor

from sracl_core.batching.windows import no_windows
from sracl_core.model.backbone import Backbone
from sracl_core.objectives.protocol import Anchors, Context, Objective, ObjectiveParams, Term
from sracl_core.objectives.shared.info_nce import Similarity, info_nce
from sracl_core.objectives.shared.same_target import SameTarget
from sracl_core.objectives.shared.views import view_prefixes
from sracl_core.params.reading.kinds import Temperature, Weight


class DuoRecParams(ObjectiveParams):
    """Parameters of DuoRec."""

    weight: Weight = Field(0.1, description="weight λ of every contrast; 0 switches them off")
    contrast: Literal["across", "each", "unsupervised", "supervised"] = Field(
        "across", description="which pairs are contrasted: the two views, the prefix with each, or with one of them"
    )
    similarity: Similarity = Field("dot", description="similarity inside InfoNCE")
    temperature: Temperature = Field(1.0, description="temperature τ of InfoNCE")
    mask_same_target: bool = Field(True, description="leave samples with the same target out of the negatives")


class DuoRec(Objective):
    """The contrasts of a prefix, its second pass, and another prefix with the same target."""

    Params: ClassVar[type[ObjectiveParams]] = DuoRecParams
    params: DuoRecParams

    def __init__(self, params: DuoRecParams, context: Context) -> None:
        super().__init__(params, context)
        self.again, self.others = params.contrast != "supervised", params.contrast != "unsupervised"
        self.same_target = SameTarget(context.sequences) if self.needs_anchors and self.others else None

    @property
    def needs_anchors(self) -> bool:
        """Whether a contrast is on."""
        return self.params.weight > 0

    def terms(self, anchors: Anchors, backbone: Backbone) -> list[Term]:
        """Return the contrasts that are asked for, each with weight λ."""
        nothing = no_windows(backbone.device)
        # A prefix that is there twice is encoded twice, with dropout of its own.
        again = view_prefixes(self.context, anchors.positions[anchors.own]) if self.again else nothing
        others = nothing
        if self.same_target is not None:  # drawn for all anchors, alike in every process
            drawn = self.same_target.draw(anchors.positions, self.context.generator)
            others = view_prefixes(self.context, drawn[anchors.own])
        unsupervised, supervised = again.encode_with(others, backbone)  # [b, d] each, or [0, d]
        if self.params.contrast == "across":
            return [self._term("views", unsupervised, supervised, anchors)]
        terms = []
        if self.again:
            terms.append(self._term("unsupervised", anchors.states, unsupervised, anchors))
        if self.others:
            terms.append(self._term("supervised", anchors.states, supervised, anchors))
        return terms

    def step_bytes(self, batch: int, length: float, per_position: float) -> dict[str, tuple[float, str]]:
        """Return the bytes of the views."""
        if not self.needs_anchors:
            return {}
        size = (self.again + self.others) * batch * length * per_position
        return {"views": (size, f"train.batch_size, or set {self.context.place}.weight to 0")}

    def steadied_by(self) -> str:
        """Return which temperature to raise."""
        return f"raise {self.context.place}.temperature" if self.needs_anchors else ""

    def _term(self, name: str, first: Tensor, second: Tensor, anchors: Anchors) -> Term:
        """InfoNCE of two views [b, d] of this process's anchors, with the others' as negatives."""
        first, second = self.context.join(first, anchors), self.context.join(second, anchors)
        excluded = None
        if self.params.mask_same_target:
            targets = self.context.sequences.items[anchors.positions + 1]
            excluded = targets[:, None] == targets
        value = info_nce(first, second, self.params.temperature, self.params.similarity, excluded)
        return Term(name, self.params.weight, value)


PLUGIN = DuoRec
