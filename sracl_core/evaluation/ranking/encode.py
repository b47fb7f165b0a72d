"""Encode whole histories, some users at a time."""

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.model.packed import window_offsets
from sracl_core.ragged import Ragged


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
        items_on = torch.as_tensor(items, dtype=torch.int64, device=device)
        states.append(backbone.encode(items_on, lengths, window_offsets(lengths)[1:] - 1))
    return torch.cat(states) if states else backbone.item_vectors().new_zeros(0, backbone.params.hidden)
