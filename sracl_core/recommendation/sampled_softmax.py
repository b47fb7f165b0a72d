"""Softmax over a sample of the catalogue, corrected for how it was drawn (logQ)."""

import math
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from sracl_core.model.backbone import Backbone
from sracl_core.params.reading.kinds import Temperature
from sracl_core.recommendation.protocol import LossContext, LossParams, RecommendationLoss

FLOAT_BYTES = 4
COPIES_OF_SCORES = 4  # the scores, those beside the next item's, their softmax and their gradient


class SampledSoftmaxParams(LossParams):
    """Parameters of sampled softmax."""

    negatives: int = Field(256, ge=1, le=1_000_000, description="negatives drawn for a batch, shared by its positions")
    drawn: Literal["uniform", "popularity"] = Field(
        "uniform", description="how negatives are drawn: each item alike, or as often as it is in training"
    )
    temperature: Temperature = Field(1.0, description="temperature τ of the softmax")


class SampledSoftmax(RecommendationLoss):
    """Cross entropy of the next item among itself and k negatives, drawn with replacement and shared by the batch.

    A negative counts with exp(s/τ) / (k q), q the probability of its draw: then the sum over negatives is, on average,
    that over all items but the next one, whatever q (Bengio & Senécal, 2008; Yi et al., 2019). One that is the next
    item itself counts for nothing. Where there are no more items than k, each of them is a negative once, and this is
    full softmax. Nothing here grows with the catalogue.
    """

    Params: ClassVar[type[LossParams]] = SampledSoftmaxParams
    params: SampledSoftmaxParams
    log_share: Tensor  # [n_items + 1], the logarithm of each item's share of the training interactions

    def __init__(self, params: SampledSoftmaxParams, context: LossContext) -> None:
        super().__init__(params, context)
        if self._popular:
            counts = torch.bincount(context.trained, minlength=context.n_items + 1)
            self.register_buffer("log_share", (counts / len(context.trained)).log(), persistent=False)

    def draw(self, positions: int, own: slice) -> Tensor:
        """Return the negatives of the joint batch, int64 [k]."""
        n_items, trained, generator = self.context.n_items, self.context.trained, self.context.generator
        device, shape = generator.device, (self.params.negatives,)
        if self._all:
            return torch.arange(1, n_items + 1, device=device)
        if self._popular:  # an interaction drawn at random is of an item as often as the item is bought
            return trained[torch.randint(len(trained), shape, generator=generator, device=device)]
        return torch.randint(1, n_items + 1, shape, generator=generator, device=device)

    def forward(self, states: Tensor, targets: Tensor, backbone: Backbone, drawn: Tensor) -> Tensor:
        """Return the mean over positions of −log of the next item's share."""
        vectors = backbone.vectors_of(torch.cat([targets, drawn]))  # one look-up has one gradient
        expected, negatives = vectors.split([len(targets), len(drawn)])  # [T, d], [k, d]
        states = states / self.params.temperature
        positive = (states * expected).sum(1, keepdim=True)  # [T, 1]
        others = states @ negatives.T - self._log_expected(drawn)
        others = others.masked_fill(targets[:, None] == drawn, -torch.inf)
        first = torch.zeros_like(targets)
        return F.cross_entropy(torch.cat([positive, others], dim=1), first)

    def step_bytes(self, positions: float, backbone: Backbone, shorter: str) -> dict[str, tuple[float, str]]:
        """Return the bytes of the scores."""
        scores = positions * min(self.params.negatives, self.context.n_items)
        lower = f"{self.remedies()}, {shorter}"
        return {"scores of the negatives": (COPIES_OF_SCORES * FLOAT_BYTES * scores, lower)}

    def remedies(self) -> str:
        """Return the parameter that says how many negatives there are."""
        return f"{self.context.place}.negatives"

    @property
    def _all(self) -> bool:
        """Whether every item is a negative."""
        return self.params.negatives >= self.context.n_items

    @property
    def _popular(self) -> bool:
        return self.params.drawn == "popularity" and not self._all

    def _log_expected(self, drawn: Tensor) -> Tensor | float:
        """The logarithm of how often each of the negatives is drawn on average, k·q."""
        if self._all:
            return 0.0
        negatives = self.params.negatives
        if self._popular:
            return self.log_share[drawn] + math.log(negatives)
        return math.log(negatives / self.context.n_items)


PLUGIN = SampledSoftmax
