"""Section `train`: the backbone, the objective and the optimisation."""

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sracl_core.ground.plugins import check_name
from sracl_core.params.kinds import Seed, Temperature, Text, Weight
from sracl_core.params.reading.section import Fields, Section

# The registry of backbones: one module each in sracl_core/model/backbones/.
BACKBONES = ("sasrec", "gru4rec")

BackboneName = Annotated[Text, AfterValidator(lambda name: check_name(name, BACKBONES))]
METRIC_NAME = re.compile(r"(hr|ndcg|mrr)@([1-9]\d{0,6})", re.ASCII)


def _metric_name(value: str) -> str:
    if not METRIC_NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a metric; expected hr@K, ndcg@K or mrr@K, e.g. ndcg@10")
    return value


class ModelParams(Fields):
    """Sizes of the backbone."""

    hidden: int = Field(64, ge=1, le=16_384, description="dimension d of item vectors and hidden states")
    layers: int = Field(2, ge=1, le=256, description="layers of the backbone")
    heads: int = Field(2, ge=1, le=1024, description="attention heads (sasrec); must divide hidden")
    feed_forward: int = Field(256, ge=1, le=65_536, description="inner dimension of the feed-forward layers (sasrec)")
    dropout: float = Field(0.5, ge=0, lt=1, description="dropout probability")
    max_length: int = Field(50, ge=2, le=100_000, description="most recent items the backbone sees")
    arrangement: Literal["original", "post_norm"] = Field(
        "original", description="how layers are built (sasrec): as its paper has them, or with norms after residuals"
    )
    positions: Literal["relative", "from_start", "from_end"] = Field(
        "relative",
        description="how order is told (sasrec): by distance, or by places counted from the first or last item",
    )
    initialisation: Literal["xavier", "normal"] = Field(
        "xavier", description="how linear maps begin: Xavier's normal distribution, or N(0, 0.02²)"
    )

    @model_validator(mode="after")
    def _heads_divide_hidden(self) -> Self:
        if self.hidden % self.heads:
            raise ValueError(f"hidden ({self.hidden}) must be a multiple of heads ({self.heads})")
        return self


class InterParams(Fields):
    """Inter-user contrast: an anchor against its synthesized semantic neighbour (L_CS)."""

    similarity: Literal["cosine", "dot"] = Field("cosine", description="similarity inside InfoNCE")
    temperature: Temperature = Field(0.1, description="temperature τ of InfoNCE")
    synthesizer: Literal["learnable", "uniform"] = Field("learnable", description="how candidates are mixed")
    dropout: float = Field(0.5, ge=0, lt=1, description="dropout on the synthesizer's weights")
    candidates: Literal["gradient", "detached", "bank"] = Field(
        "gradient", description="candidates' states: encoded with gradient, without, or the last ones seen"
    )


class IntraParams(Fields):
    """Intra-user contrast: two semantic substitutions of one prefix (L_IS)."""

    similarity: Literal["cosine", "dot"] = Field("dot", description="similarity inside InfoNCE")
    temperature: Temperature = Field(1.0, description="temperature τ of InfoNCE")
    substitution_rate: float = Field(0.7, ge=0, le=1, description="probability that an item is replaced from its pool")


class NegativesParams(Fields):
    """Samples left out of InfoNCE's denominator, in both branches."""

    mask_same_target: bool = Field(False, description="leave out samples whose anchor has the same next item")
    mask_pool: bool = Field(False, description="leave out a pair of which one lies in the other's candidate pool")


class EarlyStopParams(Fields):
    """When training ends."""

    metric: Annotated[str, Field(max_length=40), AfterValidator(_metric_name)] = Field(
        "ndcg@10", description="validation metric watched"
    )
    patience: int = Field(20, ge=1, le=1_000_000, description="epochs without a better value before training stops")


class TrainParams(Section):
    """Training."""

    key: ClassVar[str] = "train"

    backbone: BackboneName = Field("sasrec", description="sequence encoder")
    mode: Literal["causal", "prefix"] = Field("causal", description="how prefixes become samples")
    model: ModelParams = Field(ModelParams(), description="sizes of the backbone")
    alpha: Weight = Field(0.1, description="weight α of the inter-user contrast; 0 switches it off")
    beta: Weight = Field(0.1, description="weight β of the intra-user contrast; 0 switches it off")
    inter: InterParams = Field(InterParams(), description="inter-user contrast")
    intra: IntraParams = Field(IntraParams(), description="intra-user contrast")
    negatives: NegativesParams = Field(NegativesParams(), description="what both contrasts leave out")
    batch_size: int = Field(128, ge=2, le=1_000_000, description="samples a step: users (causal) or prefixes (prefix)")
    learning_rate: float = Field(0.002, ge=1e-12, le=100, description="step size of Adam")
    weight_decay: float = Field(0.0, ge=0, le=1000, description="L2 penalty of Adam")
    max_epochs: int = Field(100, ge=1, le=1_000_000, description="epochs at most")
    early_stop: EarlyStopParams = Field(EarlyStopParams(), description="when training ends")
    seed: Seed = Field(2024, description="seed of initialisation, order, sampling and dropout")

    @property
    def uses_user_pools(self) -> bool:
        """Whether a contrast looks into the candidate pools of the users' prefixes."""
        return self.alpha > 0 or (self.beta > 0 and self.negatives.mask_pool)

    @property
    def uses_item_pools(self) -> bool:
        """Whether a contrast looks into the candidate pools of the items."""
        return self.beta > 0

    @model_validator(mode="after")
    def _a_pass_has_many_ends(self) -> Self:
        if self.mode == "causal" and self.model.positions == "from_end":
            raise ValueError(
                "model.positions: from_end needs mode: prefix; a causal pass reads prefixes with other ends"
            )
        return self
