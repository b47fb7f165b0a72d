"""BERT4Rec: a Transformer that looks both ways (Sun et al., CIKM 2019).

To predict what follows a window, the paper appends its token [mask] and reads the state of that. So does this: the
state at a position is what the encoder finds at the place after it, and at the last position that is the mask's. As in
the paper and its code are the layers, the learned places, counted from the window's first item, and the head (a linear
map, GELU and a norm). What differs:

- It is trained on prefixes that end in [mask], by `train.loss`, and not by the Cloze task over whole sequences; the
  paper has these samples too, beside the others, since they are what ranking meets.
- An item's score has no bias of its own.
- A window holds `max_length` items and the mask beside them; in the paper the mask is one of N.

A masked item (0) within a window is the token [mask] as well.
"""

from collections.abc import Iterable
from typing import ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.model.backbone import INITIAL_STD, PADDING, BackboneParams, PackedBackbone
from sracl_core.model.dropout import Dropout
from sracl_core.model.packed import Buckets
from sracl_core.model.transformer import NORM_EPSILON, Layer, TransformerParams


class BERT4RecParams(TransformerParams):
    """Parameters of BERT4Rec."""

    def only_prefixes(self) -> str:
        """Return why a prefix cannot be read off a longer pass."""
        return "it looks both ways, and a causal pass would show it the items that it is to predict"


class BothWaysLayer(Layer):
    """A layer in which every position looks at all of its window."""

    def _project(self, asking: Tensor, states: Tensor) -> Tensor:
        """Query, key and value of every place and a 1, [T, 3d + 1]: padding has a 0 there."""
        return F.pad(super()._project(asking, states), (0, 1), value=1.0)

    def _attend(self, query_key_value: Tensor) -> Tensor:
        """Map [b, L, 3d + 1] to [b, L, d]: every position mixes the values of all that are no padding."""
        b, L, width = query_key_value.shape
        real = query_key_value[..., -1].bool()[:, None, None]  # [b, 1, 1, L]
        heads = query_key_value[..., :-1].unflatten(2, (3, self.heads, -1))
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # [b, heads, L, d / heads]
        rate = self.dropout.rate if self.training else 0.0
        mixed = F.scaled_dot_product_attention(query, key, value, real, dropout_p=rate)
        return mixed.transpose(1, 2).reshape(b, L, (width - 1) // 3)


class BERT4Rec(PackedBackbone):
    """The bidirectional backbone: a state at a position is what is expected to follow, with all of the window seen."""

    Params: ClassVar[type[BackboneParams]] = BERT4RecParams

    def __init__(self, n_items: int, params: BERT4RecParams) -> None:
        super().__init__(n_items, params)
        d = params.hidden
        self.mask = nn.Parameter(torch.empty(d).normal_(std=INITIAL_STD))
        self.position_embedding = nn.Embedding(params.max_length + 1, d)
        self.input_norm = nn.LayerNorm(d, eps=NORM_EPSILON)
        self.dropout = Dropout(params.dropout)
        self.layers = nn.ModuleList([BothWaysLayer(params, by_distance=False) for _ in range(params.layers)])
        self.output = nn.Linear(d, d)
        self.output_norm = nn.LayerNorm(d, eps=NORM_EPSILON)
        self.initialise()

    def encode_windows(self, items: Tensor, lengths: Tensor, read: Tensor | None) -> Tensor:
        """Return the states at what is read; the last layer, but for its attention, works on nothing else."""
        window = torch.repeat_interleave(torch.arange(len(lengths), device=items.device), lengths)  # [T]
        places = torch.arange(len(items), device=items.device) + window  # of the items, beside one mask a window
        shown = items.new_full((len(items) + len(lengths),), PADDING).index_copy(0, places, items)
        buckets = Buckets(lengths + 1)
        shown = shown[buckets.rows]
        vectors = self.item_embedding(shown) + (shown == PADDING)[:, None] * self.mask
        states = self.dropout(self.input_norm(vectors + self.position_embedding(buckets.steps)))
        after = buckets.places()[places + 1]  # [T]
        *earlier, last = cast(Iterable[Layer], self.layers)
        for layer in earlier:
            states = layer(states, buckets)
        states = last(states, buckets, after if read is None else after[read])
        return self.output_norm(F.gelu(self.output(states)))


PLUGIN = BERT4Rec
