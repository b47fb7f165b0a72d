"""Section `train`: the backbone, the objective and the optimisation."""

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from sracl_core.params.backbone import BACKBONE, BackboneChoice
from sracl_core.params.fields import Fields
from sracl_core.params.groups import Kind, chosen_group, chosen_part
from sracl_core.params.kinds import Seed, Text
from sracl_core.params.needs import Need
from sracl_core.plugins import load_plugin

# The registry of objectives: one module each in sracl_core/objectives/.
OBJECTIVES = ("sracl", "plain", "cl4srec", "duorec", "icsrec")

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


class EarlyStopParams(Fields):
    """When training ends."""

    metric: Annotated[str, Field(max_length=40), AfterValidator(_metric_name)] = Field(
        "ndcg@10", description="validation metric watched"
    )
    patience: int = Field(20, ge=1, le=1_000_000, description="epochs without a better value before training stops")


class TrainParams(BackboneChoice):
    """Training."""

    kinds: ClassVar[tuple[Kind, ...]] = (BACKBONE, OBJECTIVE)
    model_config = ConfigDict(extra="forbid")

    mode: Literal["causal", "prefix"] = Field("causal", description="how prefixes become samples")
    objective: Text = Field("sracl", description="what is minimised beside the recommendation loss")
    objectives: Any = Field(default_factory=OBJECTIVE.shipped, description="parameters of every objective")
    batch_size: int = Field(128, ge=2, le=1_000_000, description="samples a step: users (causal) or prefixes (prefix)")
    learning_rate: float = Field(0.002, ge=1e-12, le=100, description="step size of Adam")
    weight_decay: float = Field(0.0, ge=0, le=1000, description="L2 penalty of Adam")
    max_epochs: int = Field(100, ge=1, le=1_000_000, description="epochs at most")
    early_stop: EarlyStopParams = Field(EarlyStopParams(), description="when training ends")
    seed: Seed = Field(2024, description="seed of initialisation, order, sampling and dropout")

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
        return self.backbone_part, self.objective_part

    @property
    def needs(self) -> list[Need]:
        """What this training reads of retrieval."""
        needs: list[Need] = self.objective_params.needs(self.objective_place)
        return needs

    @model_validator(mode="after")
    def _mode_fits_the_backbone(self) -> Self:
        params: Any = getattr(self.backbones, self.backbone, None)  # None: told with the choice
        reason = params.only_prefixes() if hasattr(params, "only_prefixes") else ""
        if self.mode == "causal" and reason:
            raise ValueError(f"mode: causal cannot train the backbone {self.backbone}: {reason}; set mode: prefix")
        return self
