"""SASRec: a causal Transformer over items (Kang & McAuley, 2018).

`params.arrangement` says how its layers are built: `original`, as that paper has them, or `post_norm`, as BERT and the
authors of SRA-CL do. `params.positions` says how it knows the order of items: `relative`, by a bias on attention,
learned for every distance between two items and every head (Raffel et al., 2020); `from_start`, by an embedding counted
from the window's first item; `from_end`, counted back from its last, which is what padding on the left amounts to.
"""

from collections.abc import Iterable
from typing import ClassVar, Literal, Self, cast

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.model.attention import AttentionLayout, attend
from sracl_core.model.backbone import PADDING, Backbone, BackboneParams
from sracl_core.model.dropout import Dropout
from sracl_core.model.packed import Buckets, take_rows

NORM_EPSILON = 1e-12


class SASRecParams(BackboneParams):
    """Parameters of SASRec."""

    layers: int = Field(2, ge=1, le=256, description="layers of the Transformer")
    heads: int = Field(2, ge=1, le=1024, description="attention heads; must divide hidden")
    feed_forward: int = Field(256, ge=1, le=65_536, description="inner dimension of the feed-forward layers")
    arrangement: Literal["original", "post_norm"] = Field(
        "original", description="how layers are built: as its paper has them, or with norms after residuals"
    )
    positions: Literal["relative", "from_start", "from_end"] = Field(
        "relative", description="how order is told: by distance, or by places counted from the first or last item"
    )

    def only_prefixes(self) -> str:
        """Return why a prefix cannot be read off a longer pass."""
        if self.positions == "from_end":
            return "it counts positions from_end, and a causal pass reads prefixes with other ends"
        return ""

    @model_validator(mode="after")
    def _heads_divide_hidden(self) -> Self:
        if self.hidden % self.heads:
            raise ValueError(f"hidden ({self.hidden}) must be a multiple of heads ({self.heads})")
        return self


class Layer(nn.Module):
    """Self-attention over earlier positions, then a feed-forward network with GELU.

    Each is followed by dropout, the residual, and a norm.
    """

    def __init__(self, params: SASRecParams) -> None:
        super().__init__()
        d = params.hidden
        self.heads = params.heads
        self.distance_bias = nn.Embedding(params.max_length, self.heads) if params.positions == "relative" else None
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
        place = torch.arange(length, device=like.device)
        distance = (place[:, None] - place).clamp(min=0)  # [L, L]
        return later + self.distance_bias(distance).permute(2, 0, 1)  # [heads, L, L]


class OriginalLayer(Layer):
    """A layer as in the paper: the norm of what asks comes before attention, which is added to the normed.

    Keys and values are made of what comes in. The feed-forward network has ReLU, and dropout twice.
    """

    def _asking(self, states: Tensor) -> Tensor:
        return self.attention_norm(states)

    def _transform(self, asking: Tensor, attended: Tensor) -> Tensor:
        states = self.feed_forward_norm(asking + self.output(attended))
        return states + self.dropout(self.narrow(self.dropout(F.relu(self.widen(states)))))


class SASRec(Backbone):
    """The Transformer backbone."""

    Params: ClassVar[type[BackboneParams]] = SASRecParams
    params: SASRecParams

    def __init__(self, n_items: int, params: SASRecParams) -> None:
        super().__init__(n_items, params)
        absolute = params.positions != "relative"
        self.position_embedding = nn.Embedding(params.max_length, params.hidden) if absolute else None
        original = params.arrangement == "original"
        norm = nn.LayerNorm(params.hidden, eps=NORM_EPSILON)
        self.input_norm: nn.Module = nn.Identity() if original else norm
        self.output_norm: nn.Module = norm if original else nn.Identity()
        self.dropout = Dropout(params.dropout)
        layer = OriginalLayer if original else Layer
        self.layers = nn.ModuleList([layer(params) for _ in range(params.layers)])
        self.initialise()

    def forward(self, items: Tensor) -> Tensor:
        """Encode items [B, L] into states [B, L, d], with zeros at padding."""
        real = items != PADDING
        states = self.encode(items[real], real.sum(1))
        return states.new_zeros(*items.shape, states.shape[1]).index_put((real,), states)

    def encode(self, items: Tensor, lengths: Tensor, read: Tensor | None = None) -> Tensor:
        """Return the states of packed windows at the packed rows `read`, all of them if None; nothing is padded.

        The last layer works on what is read alone.
        """
        if not len(lengths):
            return self.item_vectors().new_zeros(0, self.params.hidden)
        buckets = Buckets(lengths)
        vectors = self.item_embedding(items[buckets.rows])
        if self.position_embedding is not None:
            places = buckets.steps if self.reads_prefixes else buckets.steps_left()
            vectors = vectors + self.position_embedding(places)
        states = self.dropout(self.input_norm(vectors))  # [T, d]
        places = buckets.places()
        asked = places if read is None else places[read]
        through = self._through_layers if states.device.type != "cpu" else self._through_packed_layers
        return self.output_norm(through(states, buckets, asked))

    def _through_layers(self, states: Tensor, buckets: Buckets, asked: Tensor) -> Tensor:
        """Map states [T, d] to those of the last layer at the places `asked` int64 [R], [R, d]."""
        *earlier, last = cast(Iterable[Layer], self.layers)
        for layer in earlier:
            states = layer(states, buckets)
        return last(states, buckets, asked)

    def _through_packed_layers(self, states: Tensor, buckets: Buckets, asked: Tensor) -> Tensor:
        """Do the same on a CPU, where a place that is asked for twice is worked out once."""
        *earlier, last = cast(Iterable[Layer], self.layers)
        whole = AttentionLayout(buckets, self.params.heads)
        for layer in earlier:
            states = layer.packed(states, whole)
        if len(asked) == len(states):  # all of them
            return take_rows(last.packed(states, whole), asked)
        asked, again = torch.unique(asked, return_inverse=True)
        return take_rows(last.packed(states, whole.asked_at(asked)), again)


PLUGIN = SASRec
