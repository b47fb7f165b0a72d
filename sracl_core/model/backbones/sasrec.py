"""SASRec: a causal Transformer over items (Kang & McAuley, 2018), in the post-norm form with GELU."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.model.backbone import PADDING, Backbone, initialise
from sracl_core.model.dropout import Dropout
from sracl_core.model.packed import Buckets, take_rows
from sracl_core.params.train import ModelParams

NORM_EPSILON = 1e-12


class Layer(nn.Module):
    """Self-attention over earlier positions, then a feed-forward network; each with dropout, residual and norm."""

    def __init__(self, params: ModelParams) -> None:
        super().__init__()
        d = params.hidden
        self.heads = params.heads
        self.query_key_value = nn.Linear(d, 3 * d)
        self.output = nn.Linear(d, d)
        self.attention_norm = nn.LayerNorm(d, eps=NORM_EPSILON)
        self.widen = nn.Linear(d, params.feed_forward)
        self.narrow = nn.Linear(params.feed_forward, d)
        self.feed_forward_norm = nn.LayerNorm(d, eps=NORM_EPSILON)
        self.dropout = Dropout(params.dropout)

    def forward(self, states: Tensor, buckets: Buckets, read: Tensor | None = None) -> Tensor:
        """Map states [T, d], laid out as `buckets`, to states [T, d], or [R, d] at the places `read`.

        Only attention looks along a window: nothing else is done for places that are not read.
        """
        attended = buckets.along_windows(self.query_key_value(states), self._attend)
        if read is not None:
            states, attended = take_rows(states, read), take_rows(attended, read)
        states = self.attention_norm(states + self.dropout(self.output(attended)))
        return self.feed_forward_norm(states + self.dropout(self.narrow(F.gelu(self.widen(states)))))

    def _attend(self, query_key_value: Tensor) -> Tensor:
        """Map [b, L, 3d] to [b, L, d]: every position mixes its own value and those before it."""
        b, L, width = query_key_value.shape
        heads = query_key_value.view(b, L, 3, self.heads, width // (3 * self.heads))
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # [b, heads, L, d / heads]
        # Padding lies on the right, so the causal mask alone keeps it out of every real position.
        if self.training and query.device.type == "cpu":
            mixed = self.dropout(_weights(query, key)) @ value
        else:
            rate = self.dropout.rate if self.training else 0.0
            mixed = F.scaled_dot_product_attention(query, key, value, dropout_p=rate, is_causal=True)
        return mixed.transpose(1, 2).reshape(b, L, width // 3)


def _weights(query: Tensor, key: Tensor) -> Tensor:
    """Attention weights [b, heads, L, L] of each position on itself and those before it.

    As scaled_dot_product_attention computes them on a CPU in training, but for its slow dropout.
    """
    L, width = query.shape[-2:]
    later = query.new_full((L, L), -torch.inf).triu(1)
    return torch.softmax(later + (query / math.sqrt(width)) @ key.transpose(-2, -1), dim=-1)


class SASRec(Backbone):
    """The Transformer backbone; position 0 is the first item of the window it is given."""

    def __init__(self, n_items: int, params: ModelParams) -> None:
        super().__init__(n_items, params)
        self.position_embedding = nn.Embedding(params.max_length, params.hidden)
        self.input_norm = nn.LayerNorm(params.hidden, eps=NORM_EPSILON)
        self.dropout = Dropout(params.dropout)
        self.layers = nn.ModuleList([Layer(params) for _ in range(params.layers)])
        self.apply(initialise)

    def forward(self, items: Tensor) -> Tensor:
        """Encode items [B, L] into states [B, L, d], with zeros at padding."""
        real = items != PADDING
        states = self.encode(items[real], real.sum(1))
        return states.new_zeros(*items.shape, states.shape[1]).index_put((real,), states)

    def encode(self, items: Tensor, lengths: Tensor, read: Tensor | None = None) -> Tensor:
        """Return the states of packed windows at the packed rows `read`, all of them if None; nothing is padded.

        The last layer works on what is read alone.
        """
        buckets = Buckets(lengths)
        vectors = self.item_embedding(items[buckets.rows]) + self.position_embedding(buckets.steps)
        states = self.dropout(self.input_norm(vectors))  # [T, d]
        *earlier, last = self.layers
        for layer in earlier:
            states = layer(states, buckets)
        places = buckets.places()
        return last(states, buckets, places if read is None else places[read])


PLUGIN = SASRec
