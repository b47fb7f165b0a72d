"""Encode many prefixes at once, with no pass made twice."""

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.model.encode import encode_packed, spans, window_offsets


def encode_prefixes(backbone: Backbone, items: Tensor, begins: Tensor, lasts: Tensor) -> Tensor:
    """Return the state of every prefix `items[begin:last + 1]`, [M, d]; `items` [N], `begins` and `lasts` int64 [M].

    Prefixes that begin together are read off one pass, which goes as far as the longest of them: a causal backbone's
    state at a position is that of the prefix alone. With dropout they share the noise of what they have in common.
    """
    starts, pass_of = torch.unique(begins, return_inverse=True)  # [passes], [M]
    lengths = torch.zeros_like(starts).scatter_reduce(0, pass_of, lasts - begins + 1, "amax")  # [passes]
    states = encode_packed(backbone, items[spans(starts, lengths)], lengths)
    return states[window_offsets(lengths)[pass_of] + lasts - begins]
