"""SRA-CL: L = L_rec + α·L_CS + β·L_IS (semantic retrieval augmented contrastive learning).

L_CS contrasts an anchor with a positive mixed from its semantic neighbours, L_IS two views of it in which items are
replaced by semantically similar ones. Candidates are looked up in the pools that retrieval mined.
"""

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from sracl_core.batching.windows import Windows, no_windows
from sracl_core.ground.errors import TrainingError
from sracl_core.model.backbone import Backbone
from sracl_core.objectives.protocol import Anchors, Context, Objective, ObjectiveParams, Term
from sracl_core.objectives.semantic.candidates import Bank, Candidates, build_candidates
from sracl_core.objectives.semantic.semantics import Semantics, load_semantics
from sracl_core.objectives.semantic.substitution import view_windows
from sracl_core.objectives.semantic.synthesizer import Synthesizer, UniformSynthesizer
from sracl_core.objectives.shared.info_nce import Similarity, info_nce
from sracl_core.objectives.shared.negatives import NegativesParams, excluded_negatives
from sracl_core.params.needs import Need
from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.kinds import Temperature, Weight
from sracl_core.prefixes import PrefixTable
from sracl_core.ragged import Ragged


class InterParams(Fields):
    """Inter-user contrast: an anchor against its synthesized semantic neighbour (L_CS)."""

    similarity: Similarity = Field("cosine", description="similarity inside InfoNCE")
    temperature: Temperature = Field(0.1, description="temperature τ of InfoNCE")
    synthesizer: Literal["learnable", "uniform"] = Field("learnable", description="how candidates are mixed")
    dropout: float = Field(0.5, ge=0, lt=1, description="dropout on the synthesizer's weights")
    candidates: Literal["gradient", "detached", "bank"] = Field(
        "gradient", description="candidates' states: encoded with gradient, without, or the last ones seen"
    )


class IntraParams(Fields):
    """Intra-user contrast: two semantic substitutions of one prefix (L_IS)."""

    similarity: Similarity = Field("dot", description="similarity inside InfoNCE")
    temperature: Temperature = Field(1.0, description="temperature τ of InfoNCE")
    substitution_rate: float = Field(0.7, ge=0, le=1, description="probability that an item is replaced from its pool")


class SRACLParams(ObjectiveParams):
    """Parameters of SRA-CL."""

    alpha: Weight = Field(0.1, description="weight α of the inter-user contrast; 0 switches it off")
    beta: Weight = Field(0.1, description="weight β of the intra-user contrast; 0 switches it off")
    inter: InterParams = Field(InterParams(), description="inter-user contrast")
    intra: IntraParams = Field(IntraParams(), description="intra-user contrast")
    negatives: NegativesParams = Field(NegativesParams(), description="what both contrasts leave out")

    def needs(self, place: str) -> list[Need]:
        """Return which pools and embeddings the contrasts look into."""
        needs = []
        if self.alpha > 0:
            why = f"{place}.alpha is {self.alpha:g}: the inter-user contrast needs"
            without = f"{place}.alpha to 0"
            needs += [Need("user_pool", why, without), Need("user_embeddings", why, without)]
        if self.beta > 0:
            why = f"{place}.beta is {self.beta:g}: the intra-user contrast needs"
            needs.append(Need("item_pool", why, f"{place}.beta to 0"))
            if self.negatives.mask_pool:
                why = f"{place}.negatives.mask_pool is true: it needs"
                needs.append(Need("user_pool", why, f"{place}.negatives.mask_pool to false"))
        return needs


class SRACL(Objective):
    """The two contrastive branches; a branch whose weight is 0 is never computed.

    With α = 0 no synthesizer exists, so that nothing of it touches the random state: α = β = 0 is the plain backbone.
    """

    Params: ClassVar[type[ObjectiveParams]] = SRACLParams
    params: SRACLParams
    semantics: Semantics
    candidates: Candidates

    def __init__(self, params: SRACLParams, context: Context) -> None:
        super().__init__(params, context)
        inputs, device = context.inputs, context.sequences.items.device
        if self.needs_anchors:
            self._require_used()
        self.synthesizer: nn.Module | None = None
        if params.alpha > 0 and params.inter.synthesizer == "uniform":
            self.synthesizer = UniformSynthesizer()
        elif params.alpha > 0:
            self.synthesizer = Synthesizer(inputs.embeddings.shape[1], context.hidden, params.inter.dropout)
        if not self.needs_anchors:
            return
        train = Ragged.from_column(inputs.sequences["train"])
        prefixes = PrefixTable.from_table(inputs.prefixes, len(train))
        semantics = load_semantics(train, prefixes, inputs.item_pool, inputs.user_pool, inputs.embeddings)
        self.semantics = semantics.to(device)
        kind = params.inter.candidates if params.alpha > 0 else "detached"  # nothing is asked of them then
        self.candidates = build_candidates(kind, context, self.semantics)
        self.observes = isinstance(self.candidates, Bank)

    @property
    def needs_anchors(self) -> bool:
        """Whether a branch is on."""
        return self.params.alpha > 0 or self.params.beta > 0

    def begin_epoch(self, backbone: Backbone) -> None:
        """Fill what candidates are looked up in."""
        if self.params.alpha > 0:
            self.candidates.begin_epoch(backbone)

    def terms(self, anchors: Anchors, backbone: Backbone) -> list[Term]:
        """Return α·L_CS and β·L_IS, of the branches whose weight is not 0."""
        if not self.needs_anchors:
            return []
        params, semantics = self.params, self.semantics
        rows = semantics.prefix_at[anchors.positions]  # [B]
        pool = semantics.user_pool[rows]  # [B, k]
        targets = self.context.sequences.items[anchors.positions + 1]
        excluded = excluded_negatives(params.negatives, targets, rows, pool)
        # What both branches need is collected first and encoded in one pass.
        views = self._views(anchors) if params.beta > 0 else no_windows(backbone.device)
        terms = []
        if self.synthesizer is not None:
            own = anchors.own
            mixture = self.synthesizer(semantics.embeddings[rows[own]], semantics.embeddings[pool[own]])
            states, seen = self.candidates.states(pool[own][mixture.kept], views, backbone)
            value = self._contrast(anchors.states, mixture.mix(states), anchors, params.inter, excluded)
            terms.append(Term("inter_user", params.alpha, value))
        else:
            seen = views.encode(backbone)
        if params.beta > 0:
            first, second = seen.chunk(2)  # [b, d] each
            terms.append(
                Term("intra_user", params.beta, self._contrast(first, second, anchors, params.intra, excluded))
            )
        return terms

    def observe(self, positions: Tensor, states: Tensor) -> None:
        """Remember the states that were trained."""
        self.candidates.remember(positions, states)

    def step_bytes(self, batch: int, length: float, per_position: float) -> dict[str, tuple[float, str]]:
        """Return the bytes of candidates with gradient, and of views."""
        found: dict[str, tuple[float, str]] = {}
        if self.params.alpha > 0 and self.params.inter.candidates == "gradient":
            positions = self.semantics.position
            mean = float((positions - self.context.samples.begins[positions] + 1).double().mean())
            size = batch * self.semantics.user_pool.shape[1] * mean * per_position
            found["candidates"] = size, f"mine.k, train.batch_size, or {self._other_candidates()}"
        if self.params.beta > 0:
            size = 2 * batch * length * per_position
            found["views"] = size, f"train.batch_size, or set {self.context.place}.beta to 0"
        return found

    def remedies(self) -> str:
        """Return what makes candidates smaller."""
        if self.params.alpha > 0 and self.params.inter.candidates == "gradient":
            return f"mine.k, or {self._other_candidates()}"
        return ""

    def steadied_by(self) -> str:
        """Return which temperatures to raise."""
        place = self.context.place
        return f"raise {place}.inter.temperature and {place}.intra.temperature" if self.needs_anchors else ""

    def _other_candidates(self) -> str:
        return f"set {self.context.place}.inter.candidates to detached or bank"

    def _contrast(
        self,
        first: Tensor,
        second: Tensor,
        anchors: Anchors,
        params: InterParams | IntraParams,
        excluded: Tensor | None,
    ) -> Tensor:
        """InfoNCE of two views [b, d] of this process's anchors, with the others' as negatives."""
        first, second = self.context.join(first, anchors), self.context.join(second, anchors)
        return info_nce(first, second, params.temperature, params.similarity, excluded)

    def _views(self, anchors: Anchors) -> Windows:
        """Windows of two semantic substitutions of every own anchor's prefix."""
        return view_windows(
            self.context.sequences.items,
            self.context.samples.begins[anchors.positions],
            anchors.positions,
            item_pool=self.semantics.item_pool,
            rate=self.params.intra.substitution_rate,
            generator=self.context.generator,
            own=anchors.own if self.context.group.size > 1 else None,
        )

    def _require_used(self) -> None:
        """Raise TrainingError where a contrast would look into something empty, and its loss be of nothing."""
        inputs = self.context.inputs
        arrays = {
            "item_pool": (inputs.item_pool, "candidate pools of items"),
            "user_pool": (inputs.user_pool, "candidate pools of prefixes"),
            "user_embeddings": (inputs.embeddings, "embeddings of prefixes"),
        }
        for need in self.params.needs(self.context.place):
            array, name = arrays[need.artifact]
            if not array.size:
                raise TrainingError(
                    f"{need.why} {name}, and there are none. Give them to the training, or set {need.without}."
                )


PLUGIN = SRACL
