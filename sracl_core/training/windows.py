"""Encode many prefixes at once, with no pass made twice."""

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.model.packed import spans, window_offsets


def encode_prefixes(backbone: Backbone, items: Tensor, begins: Tensor, lasts: Tensor) -> Tensor:
    """Return the state of every prefix `items[begin:last + 1]`, [M, d]; `items` [N], `begins` and `lasts` int64 [M].

    If the backbone `reads_prefixes`, those that begin together are read off one pass, which goes as far as the longest
    of them: a state in it is that of the prefix alone. With dropout they share the noise of what they have in common.
    Equal prefixes share a pass in any case.
    """
    names = begins if backbone.reads_prefixes else begins * len(items) + lasts  # of the pass each is read off, [M]
    found, pass_of = torch.unique(names, return_inverse=True)  # [passes], [M]
    starts = torch.zeros_like(found).scatter_reduce(0, pass_of, begins, "amax")
    lengths = torch.zeros_like(found).scatter_reduce(0, pass_of, lasts - begins + 1, "amax")
    return backbone.encode(items[spans(starts, lengths)], lengths, window_offsets(lengths)[pass_of] + lasts - begins)
