"""SASRec: a causal Transformer over items (Kang & McAuley, 2018).

`params.arrangement` says how its layers are built: `original`, as that paper has them, or `post_norm`, as BERT and the
authors of SRA-CL do. `params.positions` says how it knows the order of items: `relative`, by a bias on attention,
learned for every distance between two items and every head (Raffel et al., 2020); `from_start`, by an embedding counted
from the window's first item; `from_end`, counted back from its last, which is what padding on the left amounts to.
"""

from collections.abc import Iterable
from typing import ClassVar, Literal, cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.model.attention import AttentionLayout
from sracl_core.model.backbone import BackboneParams, PackedBackbone
from sracl_core.model.dropout import Dropout
from sracl_core.model.packed import Buckets, take_rows
from sracl_core.model.transformer import NORM_EPSILON, Layer, TransformerParams


class SASRecParams(TransformerParams):
    """Parameters of SASRec."""

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


class OriginalLayer(Layer):
    """A layer as in the paper: the norm of what asks comes before attention, which is added to the normed.

    Keys and values are made of what comes in. The feed-forward network has ReLU, and dropout twice.
    """

    def _asking(self, states: Tensor) -> Tensor:
        return self.attention_norm(states)

    def _transform(self, asking: Tensor, attended: Tensor) -> Tensor:
        states = self.feed_forward_norm(asking + self.output(attended))
        return states + self.dropout(self.narrow(self.dropout(F.relu(self.widen(states)))))


class SASRec(PackedBackbone):
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
        self.layers = nn.ModuleList([layer(params, by_distance=not absolute) for _ in range(params.layers)])
        self.initialise()

    def encode_windows(self, items: Tensor, lengths: Tensor, read: Tensor | None) -> Tensor:
        """Return the states at what is read; nothing is padded, and the last layer works on what is read alone."""
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
