"""Views: windows that an objective encodes beside the samples' own, to contrast them."""

import torch
from torch import Tensor

from sracl_core.batching.windows import Windows
from sracl_core.model.packed import spans, window_offsets


def view_each(items: Tensor, begins: Tensor, lengths: Tensor) -> Windows:
    """Return a window of its own for each span of `items` [N], read at its end; `begins`, `lengths` int64 [M].

    Equal spans have windows of their own too, so that each has its own dropout.
    """
    return Windows(items[spans(begins, lengths)], lengths, window_offsets(lengths)[1:] - 1)


def view_own(items: Tensor, begins: Tensor, lengths: Tensor, own: slice) -> Windows:
    """Return the windows of this process: of two views of B samples, `begins` and `lengths` [2B], those of rows `own`.

    The first view of each comes first, then the second of each. So views may be drawn for all samples, alike in every
    process, and are encoded by one.
    """
    rows = torch.arange(len(lengths), device=lengths.device).view(2, -1)[:, own].flatten()
    return view_each(items, begins[rows], lengths[rows])
