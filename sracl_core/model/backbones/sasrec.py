"""SASRec: a causal Transformer over items (Kang & McAuley, 2018), in the post-norm form with GELU."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.model.backbone import Backbone, initialise
from sracl_core.params.train import ModelParams

NORM_EPSILON = 1e-12


class Layer(nn.Module):
    """Self-attention over earlier positions, then a feed-forward network; each with dropout, residual and norm."""

    def __init__(self, params: ModelParams) -> None:
        super().__init__()
        d = params.hidden
        self.heads, self.dropout_rate = params.heads, params.dropout
        self.query_key_value = nn.Linear(d, 3 * d)
        self.output = nn.Linear(d, d)
        self.attention_norm = nn.LayerNorm(d, eps=NORM_EPSILON)
        self.widen = nn.Linear(d, params.feed_forward)
        self.narrow = nn.Linear(params.feed_forward, d)
        self.feed_forward_norm = nn.LayerNorm(d, eps=NORM_EPSILON)
        self.dropout = nn.Dropout(params.dropout)

    def forward(self, states: Tensor) -> Tensor:
        """Map states [B, L, d] to states [B, L, d]."""
        B, L, d = states.shape
        query, key, value = self.query_key_value(states).view(B, L, 3, self.heads, d // self.heads).unbind(2)
        # Padding lies on the right, so the causal mask alone keeps it out of every real position.
        attended = F.scaled_dot_product_attention(
            query.transpose(1, 2),
            key.transpose(1, 2),
            value.transpose(1, 2),  # each [B, heads, L, d / heads]
            dropout_p=self.dropout_rate if self.training else 0.0,
            is_causal=True,
        )
        mixed = self.output(attended.transpose(1, 2).reshape(B, L, d))
        states = self.attention_norm(states + self.dropout(mixed))
        return self.feed_forward_norm(states + self.dropout(self.narrow(F.gelu(self.widen(states)))))


class SASRec(Backbone):
    """The Transformer backbone; position 0 is the first item of the window it is given."""

    def __init__(self, n_items: int, params: ModelParams) -> None:
        super().__init__(n_items, params)
        self.position_embedding = nn.Embedding(params.max_length, params.hidden)
        self.input_norm = nn.LayerNorm(params.hidden, eps=NORM_EPSILON)
        self.dropout = nn.Dropout(params.dropout)
        self.layers = nn.ModuleList([Layer(params) for _ in range(params.layers)])
        self.apply(initialise)

    def forward(self, items: Tensor) -> Tensor:
        """Encode items [B, L] into states [B, L, d]."""
        positions = torch.arange(items.shape[1], device=items.device)
        states = self.dropout(self.input_norm(self.item_embedding(items) + self.position_embedding(positions)))
        for layer in self.layers:
            states = layer(states)
        return states


PLUGIN = SASRec
