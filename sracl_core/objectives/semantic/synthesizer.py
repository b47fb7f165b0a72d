"""The sample synthesizer: one positive per anchor, mixed from its semantic neighbours."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.model.dropout import dropout

NEGATIVE_SLOPE = 0.2


@dataclass(frozen=True)
class Mixture:
    """How the candidates of B anchors are mixed: `weights` [B, k], and bool [B, k] which of them are `kept` at all.

    A candidate whose weight was dropped counts for nothing, gradients included, so its state need not be known.
    """

    weights: Tensor
    kept: Tensor

    def mix(self, states: Tensor) -> Tensor:
        """Return Σ_v w_v h_v, [B, d], of the kept candidates' `states` [M, d], in the order of the rows of `kept`."""
        candidates = states.new_zeros(*self.kept.shape, states.shape[1]).index_put((self.kept,), states)  # [B, k, d]
        return torch.einsum("bk,bkd->bd", self.weights, candidates)


class Synthesizer(nn.Module):
    """Learnable mixture of an anchor's candidates (SRA-CL, section on the learnable sample synthesizer).

    s_v = LeakyReLU_0.2(aᵀ [e_u W ‖ e_v W]),  w = dropout(softmax_v(s)),  h_u⁺ = Σ_v w_v h_v
    with the adapter W [D, d] and the attention vector a [2d].
    """

    def __init__(self, semantic_dimension: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.adapter = nn.Linear(semantic_dimension, hidden, bias=False)
        self.attention = nn.Parameter(torch.empty(2 * hidden))
        self.rate = dropout
        nn.init.xavier_uniform_(self.adapter.weight)
        nn.init.xavier_uniform_(self.attention[None])

    def forward(self, anchor_semantics: Tensor, candidate_semantics: Tensor) -> Mixture:
        """Return how the candidates are to be mixed.

        `anchor_semantics` [B, D], `candidate_semantics` [B, k, D].
        """
        weights = self.weights(anchor_semantics, candidate_semantics)
        factors = torch.ones_like(weights)
        if self.training:
            factors = dropout(factors, self.rate)
        return Mixture(weights * factors, factors > 0)

    def weights(self, anchor_semantics: Tensor, candidate_semantics: Tensor) -> Tensor:
        """Return how much each candidate counts, before dropout: [B, k], rows sum to 1."""
        # aᵀ[e_u W ‖ e_v W] = e_u (W a₁) + e_v (W a₂): two vectors are projected instead of every embedding.
        anchor_part, candidate_part = self.attention.view(2, -1) @ self.adapter.weight  # [D] each
        scores = (anchor_semantics @ anchor_part)[:, None] + candidate_semantics @ candidate_part  # [B, k]
        return F.leaky_relu(scores, NEGATIVE_SLOPE).softmax(dim=1)


class UniformSynthesizer(nn.Module):
    """The plain mean of the candidates: the paper's ablation without the learnable synthesizer."""

    def forward(self, anchor_semantics: Tensor, candidate_semantics: Tensor) -> Mixture:
        """Return equal weights for the candidates; of the semantics [B, k, D] only the shape is looked at."""
        batch, k = candidate_semantics.shape[:2]
        weights = candidate_semantics.new_full((batch, k), 1 / k)
        return Mixture(weights, torch.ones_like(weights, dtype=torch.bool))
