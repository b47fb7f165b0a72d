"""Negatives drawn for every position by itself, as SASRec, gSASRec and BPR have them."""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.recommendation.protocol import LossParams, RecommendationLoss

FLOAT_BYTES = 4
COPIES_OF_VECTORS = 2  # the negatives' vectors and their gradients


class NegativesParams(LossParams):
    """How many negatives a position gets."""

    negatives: int = Field(1, ge=1, le=1_000_000, description="negatives drawn for every position")


class DrawnNegatives(RecommendationLoss):
    """A loss of the next item against k items a position, drawn uniformly from the catalogue with replacement.

    A negative that is the next item itself counts for nothing; one from elsewhere in the user's history counts.
    """

    Params: ClassVar[type[LossParams]] = NegativesParams
    params: NegativesParams

    def draw(self, positions: int, own: slice) -> Tensor:
        """Return the negatives of this process's positions, int64 [T, k]."""
        generator = self.context.generator
        shape = (positions, self.params.negatives)
        return torch.randint(1, self.context.n_items + 1, shape, generator=generator, device=generator.device)[own]

    def scores(self, states: Tensor, targets: Tensor, backbone: Backbone, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores of the next items [T] and of the negatives [T, k], −∞ where a negative is the next item."""
        items = torch.cat([targets[:, None], drawn], dim=1)  # [T, 1 + k]: one look-up has one gradient
        found = torch.bmm(backbone.vectors_of(items), states[:, :, None]).squeeze(2)
        return found[:, 0], found[:, 1:].masked_fill(drawn == targets[:, None], -torch.inf)

    def step_bytes(self, positions: float, backbone: Backbone, shorter: str) -> dict[str, tuple[float, str]]:
        """Return the bytes of the negatives' vectors."""
        vectors = positions * (1 + self.params.negatives) * backbone.params.hidden
        return {"negatives": (COPIES_OF_VECTORS * FLOAT_BYTES * vectors, f"{self.remedies()}, {shorter}")}

    def remedies(self) -> str:
        """Return the parameter that says how many there are."""
        return f"{self.context.place}.negatives"
