"""The sample synthesizer: one positive per anchor, mixed from its semantic neighbours."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

NEGATIVE_SLOPE = 0.2


class Synthesizer(nn.Module):
    """Learnable mixture of an anchor's candidates (SRA-CL, section on the learnable sample synthesizer).

    s_v = LeakyReLU_0.2(aᵀ [e_u W ‖ e_v W]),  w = dropout(softmax_v(s)),  h_u⁺ = Σ_v w_v h_v
    with the adapter W [D, d] and the attention vector a [2d].
    """

    def __init__(self, semantic_dimension: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.adapter = nn.Linear(semantic_dimension, hidden, bias=False)
        self.attention = nn.Parameter(torch.empty(2 * hidden))
        self.dropout = nn.Dropout(dropout)
        nn.init.xavier_uniform_(self.adapter.weight)
        nn.init.xavier_uniform_(self.attention[None])

    def forward(self, anchor_semantics: Tensor, candidate_semantics: Tensor, candidates: Tensor) -> Tensor:
        """Return the synthesized positives [B, d].

        `anchor_semantics` [B, D], `candidate_semantics` [B, k, D], `candidates` [B, k, d] (the candidates' states).
        """
        return mix(self.dropout(self.weights(anchor_semantics, candidate_semantics)), candidates)

    def weights(self, anchor_semantics: Tensor, candidate_semantics: Tensor) -> Tensor:
        """Return how much each candidate counts, before dropout: [B, k], rows sum to 1."""
        # aᵀ[x ‖ y] = a₁ᵀx + a₂ᵀy, so the anchor is projected once and not k times.
        anchor_part, candidate_part = self.attention.chunk(2)
        scores = (self.adapter(anchor_semantics) @ anchor_part)[:, None] + self.adapter(
            candidate_semantics
        ) @ candidate_part  # [B, k]
        return F.leaky_relu(scores, NEGATIVE_SLOPE).softmax(dim=1)


class UniformSynthesizer(nn.Module):
    """The plain mean of the candidates: the paper's ablation without the learnable synthesizer."""

    def forward(self, anchor_semantics: Tensor, candidate_semantics: Tensor, candidates: Tensor) -> Tensor:
        """Return the mean of `candidates` [B, k, d]: [B, d]; the semantics are not looked at."""
        return candidates.mean(dim=1)


def mix(weights: Tensor, candidates: Tensor) -> Tensor:
    """Return Σ_v w_v h_v: weights [B, k], candidates [B, k, d] → [B, d]."""
    return torch.einsum("bk,bkd->bd", weights, candidates)
