"""Binary cross entropy without the overconfidence of sampled negatives (gSASRec; Petrov & Macdonald, 2023)."""

from typing import ClassVar

from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from sracl_core.model.backbone import Backbone
from sracl_core.recommendation.negatives import DrawnNegatives, NegativesParams
from sracl_core.recommendation.protocol import LossParams


class GBCEParams(NegativesParams):
    """Parameters of gBCE."""

    negatives: int = Field(256, ge=1, le=1_000_000, description="negatives drawn for every position")
    calibration: float = Field(
        0.75, ge=0, le=1, description="calibration t: 0 is binary cross entropy, 1 gives scores of full softmax"
    )


class GBCE(DrawnNegatives):
    """−(log σ(s⁺)^β + Σ log(1 − σ(s⁻))) / (k + 1), the mean over positions.

    β = α (t (1 − 1/α) + 1/α) with the sampling rate α = k / (n_items − 1), at most 1: with t = 1 the best scores are
    those of full softmax, whatever k.
    """

    Params: ClassVar[type[LossParams]] = GBCEParams
    params: GBCEParams

    def forward(self, states: Tensor, targets: Tensor, backbone: Backbone, drawn: Tensor) -> Tensor:
        """Return the mean over positions, next item and negatives."""
        positive, negatives = self.scores(states, targets, backbone, drawn)
        each = self.beta() * F.softplus(-positive) + F.softplus(negatives).sum(1)
        return each.mean() / (1 + self.params.negatives)

    def beta(self) -> float:
        """Return the exponent β of the next item's probability."""
        rate = min(1.0, self.params.negatives / max(1, self.context.n_items - 1))
        t = self.params.calibration
        return t * (rate - 1) + 1  # α (t (1 − 1/α) + 1/α)


PLUGIN = GBCE
