"""Section `train`: the backbone, the recommendation loss, the objective and the optimisation."""

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from sracl_core.ground.plugins import load_plugin
from sracl_core.params.backbone import BACKBONE, BackboneChoice
from sracl_core.params.needs import Need
from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.groups import Kind, chosen_group, chosen_part
from sracl_core.params.reading.kinds import Seed, Text

# The registry of objectives: one module each in sracl_core/objectives/.
OBJECTIVES = ("sracl", "plain", "cl4srec", "duorec", "icsrec", "mclrec", "combined")
# The registry of recommendation losses: one module each in sracl_core/recommendation/.
LOSSES = ("softmax", "sampled_softmax", "gbce", "bce", "bpr")

METRIC_NAME = re.compile(r"(hr|ndcg|mrr)@([1-9]\d{0,6})", re.ASCII)


def _metric_name(value: str) -> str:
    if not METRIC_NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a metric; expected hr@K, ndcg@K or mrr@K, e.g. ndcg@10")
    return value


OBJECTIVE = Kind(
    *("objective", "objectives", OBJECTIVES),
    load=lambda name: load_plugin("sracl_core.objectives", name),
    base="sracl_core.objectives.protocol:ObjectiveParams",
)
LOSS = Kind(
    *("loss", "losses", LOSSES),
    load=lambda name: load_plugin("sracl_core.recommendation", name),
    base="sracl_core.recommendation.protocol:LossParams",
)


class EarlyStopParams(Fields):
    """When training ends."""

    metric: Annotated[str, Field(max_length=40), AfterValidator(_metric_name)] = Field(
        "ndcg@10", description="validation metric watched"
    )
    patience: int = Field(20, ge=1, le=1_000_000, description="epochs without a better value before training stops")


class TrainParams(BackboneChoice):
    """Training."""

    kinds: ClassVar[tuple[Kind, ...]] = (BACKBONE, LOSS, OBJECTIVE)
    model_config = ConfigDict(extra="forbid")

    mode: Literal["causal", "prefix"] = Field("causal", description="how prefixes become samples")
    loss: Text = Field("softmax", description="recommendation loss, a group of `losses`")
    losses: Any = Field(default_factory=LOSS.shipped, description="parameters of every recommendation loss")
    objective: Text = Field("sracl", description="what is minimised beside the recommendation loss")
    objectives: Any = Field(default_factory=OBJECTIVE.shipped, description="parameters of every objective")
    batch_size: int = Field(128, ge=2, le=1_000_000, description="samples a step: users (causal) or prefixes (prefix)")
    optimizer: Literal["adam", "adamw"] = Field("adam", description="Adam, or Adam with decoupled weight decay")
    learning_rate: float = Field(0.002, ge=1e-12, le=100, description="step size of the optimizer")
    weight_decay: float = Field(0.0, ge=0, le=1000, description="L2 penalty of Adam, decay of AdamW")
    warmup_steps: int = Field(0, ge=0, le=1_000_000_000, description="steps over which the learning rate grows")
    schedule: Literal["constant", "cosine"] = Field("constant", description="what the learning rate does after that")
    clip_norm: float = Field(0.0, ge=0, le=1_000_000, description="norm that a gradient is cut to; 0: it is left")
    autocast: Literal["none", "bf16"] = Field("none", description="precision of the backbone's passes in training")
    max_epochs: int = Field(100, ge=1, le=1_000_000, description="epochs at most")
    early_stop: EarlyStopParams = Field(EarlyStopParams(), description="when training ends")
    seed: Seed = Field(2024, description="seed of initialisation, order, sampling and dropout")

    @property
    def loss_part(self) -> str:
        """The recommendation loss that is chosen: a name that comes along, or an import path."""
        return chosen_part(self, LOSS)

    @property
    def loss_params(self) -> Any:
        """The parameters of the recommendation loss that is chosen, of its own class."""
        return chosen_group(self, LOSS)

    @property
    def loss_place(self) -> str:
        """Where the recommendation loss's parameters stand, as people are told."""
        return f"{self.key}.{LOSS.groups}.{self.loss}"

    @property
    def objective_part(self) -> str:
        """The objective that is chosen: a name that comes along, or an import path."""
        return chosen_part(self, OBJECTIVE)

    @property
    def objective_params(self) -> Any:
        """The parameters of the objective that is chosen, of its own class."""
        return chosen_group(self, OBJECTIVE)

    @property
    def objective_place(self) -> str:
        """Where the objective's parameters stand, as people are told."""
        return f"{self.key}.{OBJECTIVE.groups}.{self.objective}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are chosen, whose code decides what training makes."""
        return self.backbone_part, self.loss_part, self.objective_part

    @property
    def needs(self) -> list[Need]:
        """What this training reads of embedding and retrieval."""
        needs: list[Need] = self.objective_params.needs(self.objective_place)
        # The class says so, since it is what must take them; no second word of it could disagree.
        if getattr(BACKBONE.load(self.backbone_part), "uses_text_vectors", False):
            why = f"{self.key}.{BACKBONE.chosen_by} is {self.backbone}: it is built with"
            needs = [*needs, Need("item_embeddings", why, f"{self.key}.{BACKBONE.chosen_by} to another")]
        return needs

    @model_validator(mode="after")
    def _mode_fits_the_backbone(self) -> Self:
        params: Any = getattr(self.backbones, self.backbone, None)  # None: told with the choice
        reason = params.only_prefixes() if hasattr(params, "only_prefixes") else ""
        if self.mode == "causal" and reason:
            raise ValueError(f"mode: causal cannot train the backbone {self.backbone}: {reason}; set mode: prefix")
        return self
