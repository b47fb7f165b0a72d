"""FMLP-Rec: layers that filter each feature's course over the window, in the domain of frequencies (Zhou et al., 2022).

A window is padded on the left to N = `max_length` places, each with a learned vector of its own, and the filter has a
complex weight for every frequency of N places and every feature. So padding takes part, as in the paper, and a state
depends on how far its window is from full; beside which others it is encoded changes nothing. Equations and sizes are
those of the paper and its code, but for the loss, which is `train.loss`: there it compares one item with one other.
"""

from collections.abc import Iterable
from typing import ClassVar, cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.model.backbone import INITIAL_STD, PADDING, BackboneParams, PackedBackbone
from sracl_core.model.dropout import Dropout
from sracl_core.model.packed import take_rows, window_offsets

NORM_EPSILON = 1e-12


class FMLPRecParams(BackboneParams):
    """Parameters of FMLP-Rec; all windows are padded to `max_length`, which decides how many frequencies there are."""

    layers: int = Field(2, ge=1, le=256, description="filter layers, each with its feed-forward network")
    feed_forward: int = Field(256, ge=1, le=65_536, description="inner dimension of the feed-forward networks")

    def only_prefixes(self) -> str:
        """Return why a prefix cannot be read off a longer pass."""
        return "its filters mix all places of a window, and a causal pass would show it the items that it is to predict"


class FilterLayer(nn.Module):
    """A filter, then a feed-forward network with GELU; each is followed by dropout, the residual, and a norm."""

    def __init__(self, params: FMLPRecParams) -> None:
        super().__init__()
        d, frequencies = params.hidden, params.max_length // 2 + 1
        # Real and imaginary parts beside each other: optimizers and files hold real numbers. A constant has no phase,
        # so that the imaginary part of frequency 0 (and of the highest, where N is even) stays as it begins.
        self.filter = nn.Parameter(torch.empty(frequencies, d, 2).normal_(std=INITIAL_STD))
        self.filter_norm = nn.LayerNorm(d, eps=NORM_EPSILON)
        self.widen = nn.Linear(d, params.feed_forward)
        self.narrow = nn.Linear(params.feed_forward, d)
        self.feed_forward_norm = nn.LayerNorm(d, eps=NORM_EPSILON)
        self.dropout = Dropout(params.dropout)

    def forward(self, states: Tensor, read: Tensor | None = None) -> Tensor:
        """Map states [B, N, d] to [B, N, d]; to [R, d] at the places `read` int64 [R] of all B · N."""
        states = self.filter_norm(states + self.dropout(self._filtered(states)))
        if read is not None:
            states = take_rows(states.flatten(0, 1), read)
        return self.feed_forward_norm(states + self.dropout(self.narrow(F.gelu(self.widen(states)))))

    def _filtered(self, states: Tensor) -> Tensor:
        # In the weights' precision: there is no transform of bfloat16.
        spectrum = torch.fft.rfft(states.to(self.filter.dtype), dim=1, norm="ortho")
        spectrum = spectrum * torch.view_as_complex(self.filter)
        return torch.fft.irfft(spectrum, n=states.shape[1], dim=1, norm="ortho")


class FMLPRec(PackedBackbone):
    """The backbone of filters: items and places → norm, dropout → filter layers."""

    Params: ClassVar[type[BackboneParams]] = FMLPRecParams

    def __init__(self, n_items: int, params: FMLPRecParams) -> None:
        super().__init__(n_items, params)
        self.position_embedding = nn.Embedding(params.max_length, params.hidden)
        self.input_norm = nn.LayerNorm(params.hidden, eps=NORM_EPSILON)
        self.dropout = Dropout(params.dropout)
        self.layers = nn.ModuleList([FilterLayer(params) for _ in range(params.layers)])
        self.initialise()

    def encode_windows(self, items: Tensor, lengths: Tensor, read: Tensor | None) -> Tensor:
        """Return the states at what is read; the last feed-forward network works on nothing else."""
        length = self.params.max_length
        ends = length * torch.arange(1, len(lengths) + 1, device=items.device)
        shifts = torch.repeat_interleave(ends - window_offsets(lengths)[1:], lengths)
        places = torch.arange(len(items), device=items.device) + shifts  # [T], of B · N
        padded = items.new_full((length * len(lengths),), PADDING).index_copy(0, places, items)
        vectors = self.item_embedding(padded.view(-1, length)) + self.position_embedding.weight
        states = self.dropout(self.input_norm(vectors))
        *earlier, last = cast(Iterable[FilterLayer], self.layers)
        for layer in earlier:
            states = layer(states)
        return last(states, places if read is None else places[read])


PLUGIN = FMLPRec
