"""What backbones with attention share: sizes, and a Transformer's layer with norms after residuals, as BERT's."""

from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.model.attention import AttentionLayout, attend
from sracl_core.model.backbone import BackboneParams
from sracl_core.model.dropout import Dropout
from sracl_core.model.packed import Buckets, take_rows

NORM_EPSILON = 1e-12


class HeadsParams(BackboneParams):
    """Sizes of layers whose attention has heads."""

    layers: int = Field(2, ge=1, le=256, description="layers")
    heads: int = Field(2, ge=1, le=1024, description="attention heads; must divide hidden")

    @model_validator(mode="after")
    def _heads_divide_hidden(self) -> Self:
        if self.hidden % self.heads:
            raise ValueError(f"hidden ({self.hidden}) must be a multiple of heads ({self.heads})")
        return self


class TransformerParams(HeadsParams):
    """Sizes of a Transformer."""

    feed_forward: int = Field(256, ge=1, le=65_536, description="inner dimension of the feed-forward layers")


class Layer(nn.Module):
    """Self-attention over earlier positions, then a feed-forward network with GELU.

    Each is followed by dropout, the residual, and a norm. If `by_distance`, attention has a learned bias for every
    distance between two places, and every head.
    """

    def __init__(self, params: TransformerParams, *, by_distance: bool) -> None:
        super().__init__()
        d = params.hidden
        self.heads = params.heads
        self.distance_bias = nn.Embedding(params.max_length, self.heads) if by_distance else None
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
        asking = self._asking(states)
        attended = buckets.along_windows(self._project(asking, states), self._attend)
        if read is not None:
            asking, attended = take_rows(asking, read), take_rows(attended, read)
        return self._transform(asking, attended)

    def packed(self, states: Tensor, layout: AttentionLayout) -> Tensor:
        """Return what `forward` does where `layout` asks, faster on a CPU, with nothing done for other queries."""
        asking = self._asking(states if layout.places is None else take_rows(states, layout.places))  # [R, d]
        query, key_value = self._query(asking), self._key_value(states)
        rate = self.dropout.rate if self.training else 0.0
        scores_bias = self._bias(states, layout.longest).expand(self.heads, -1, -1)
        return self._transform(asking, attend(query, key_value, scores_bias, layout, rate))

    def _asking(self, states: Tensor) -> Tensor:
        """What queries are made of, place by place, and what attention's result is added to."""
        return states

    def _transform(self, asking: Tensor, attended: Tensor) -> Tensor:
        """What follows attention, place by place."""
        states = self.attention_norm(asking + self.dropout(self.output(attended)))
        return self.feed_forward_norm(states + self.dropout(self.narrow(F.gelu(self.widen(states)))))

    def _query(self, asking: Tensor) -> Tensor:
        d = asking.shape[1]
        return F.linear(asking, self.query_key_value.weight[:d], self.query_key_value.bias[:d])

    def _key_value(self, states: Tensor) -> Tensor:
        d = states.shape[1]
        return F.linear(states, self.query_key_value.weight[d:], self.query_key_value.bias[d:])

    def _project(self, asking: Tensor, states: Tensor) -> Tensor:
        """Query, key and value of every place, [T, 3d]."""
        if asking is states:
            return self.query_key_value(states)
        return torch.cat([self._query(asking), self._key_value(states)], dim=1)

    def _attend(self, query_key_value: Tensor) -> Tensor:
        """Map [b, L, 3d] to [b, L, d]: every position mixes its own value and those before it."""
        b, L, width = query_key_value.shape
        heads = query_key_value.view(b, L, 3, self.heads, width // (3 * self.heads))
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # [b, heads, L, d / heads]
        # Padding lies on the right, so what keeps out later positions keeps it out of every real position too.
        rate = self.dropout.rate if self.training else 0.0
        if self.distance_bias is None:
            mixed = F.scaled_dot_product_attention(query, key, value, dropout_p=rate, is_causal=True)
        else:
            mixed = F.scaled_dot_product_attention(query, key, value, self._bias(query, L), dropout_p=rate)
        return mixed.transpose(1, 2).reshape(b, L, width // 3)

    def _bias(self, like: Tensor, length: int) -> Tensor:
        """What is added to the scores [b, heads, L, L] of every position with every other: −inf for a later one."""
        later = like.new_full((length, length), -torch.inf).triu(1)
        if self.distance_bias is None:
            return later
        return later + self.distance_bias(distances(length, like.device)).permute(2, 0, 1)  # [heads, L, L]


def distances(length: int, device: torch.device) -> Tensor:
    """Return how far every place lies behind every other, int64 [length, length]; 0 for one before it."""
    place = torch.arange(length, device=device)
    return (place[:, None] - place).clamp(min=0)
