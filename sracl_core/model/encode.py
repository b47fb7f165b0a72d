"""Encode windows of different lengths without paying for padding.

Windows travel *packed*: the items of all windows one after another, [T], with their lengths, [B]. Padding exists only
inside a bucket of windows of similar length.
"""

import torch
from torch import Tensor

from sracl_core.model.backbone import PADDING, Backbone
from sracl_core.ragged import Ragged

SMALLEST_BUCKET = 8


def window_offsets(lengths: Tensor) -> Tensor:
    """Return where each packed window begins, and the end of the last: int64 [B + 1]."""
    return torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])


def encode_packed(backbone: Backbone, items: Tensor, lengths: Tensor) -> Tensor:
    """Return the state at every packed position, [T, d].

    `items` is int64 [T], `lengths` int64 [B] with 1 ≤ length ≤ max_length and sum T. Windows are padded only to the
    longest of their bucket; bucket bounds double (8, 16, 32, …), so at most about half of a bucket is padding.
    """
    if not len(lengths):
        return backbone.item_vectors().new_zeros(0, backbone.params.hidden)
    buckets = _buckets(lengths)
    if len(buckets) == 1:
        return _encode_padded(backbone, items, lengths)
    offsets = window_offsets(lengths)
    places, states = [], []
    for rows in buckets:
        inside = spans(offsets[rows], lengths[rows])  # [t] positions of this bucket's windows in the packed array
        places.append(inside)
        states.append(_encode_padded(backbone, items[inside], lengths[rows]))
    # A gather by the inverse permutation instead of a scatter: its gradient is a plain indexed add.
    order = torch.cat(places)
    inverse = torch.empty_like(order)
    inverse[order] = torch.arange(len(order), device=order.device)
    return torch.cat(states)[inverse]


def spans(starts: Tensor, lengths: Tensor) -> Tensor:
    """Return the indices start, start + 1, …, start + length − 1 of every span, one after another: int64 [T]."""
    offsets = window_offsets(lengths)
    within = torch.arange(int(offsets[-1]), device=lengths.device)
    return within + torch.repeat_interleave(starts - offsets[:-1], lengths)


def _buckets(lengths: Tensor) -> list[Tensor]:
    """Rows of windows of similar length, shortest bucket first."""
    exponent = torch.ceil(torch.log2(lengths.clamp(min=SMALLEST_BUCKET).double()))
    return [(exponent == value).nonzero().squeeze(1) for value in exponent.unique().tolist()]


def _encode_padded(backbone: Backbone, items: Tensor, lengths: Tensor) -> Tensor:
    """Encode one bucket: pad on the right, run the backbone, take the real positions, [t, d]."""
    longest = int(lengths.max())
    real = torch.arange(longest, device=lengths.device) < lengths[:, None]  # [b, longest]
    padded = items.new_full(real.shape, PADDING)
    padded[real] = items
    return backbone(padded)[real]


@torch.no_grad()
def encode_histories(backbone: Backbone, histories: Ragged, batch_users: int = 1024) -> Tensor:
    """Return the state after each history, [U, d], on the backbone's device.

    The last `max_length` items of each history are used; every history must hold at least one item. The backbone
    should be in eval mode.
    """
    recent = histories.last(backbone.params.max_length)
    device = backbone.device
    states = []
    for first in range(0, len(recent), batch_users):
        last = min(first + batch_users, len(recent))
        items = recent.values[recent.offsets[first] : recent.offsets[last]]
        lengths = torch.as_tensor(recent.lengths[first:last], device=device)
        packed = encode_packed(backbone, torch.as_tensor(items, dtype=torch.int64, device=device), lengths)
        states.append(packed[window_offsets(lengths)[1:] - 1])
    return torch.cat(states) if states else backbone.item_vectors().new_zeros(0, backbone.params.hidden)
