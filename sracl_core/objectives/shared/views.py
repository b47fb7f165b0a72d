"""Views: windows that an objective encodes beside the samples' own, to contrast them."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from sracl_core.batching.windows import Windows
from sracl_core.model.backbone import Backbone
from sracl_core.model.packed import spans, window_offsets
from sracl_core.objectives.protocol import Anchors, Context
from sracl_core.objectives.shared.augmentations import augment, draw_pairs

FILL_ROWS = 1024  # windows encoded at once


@torch.no_grad()
def states_without_dropout(
    rows: Tensor, windows: Callable[[Tensor], Windows], backbone: Backbone
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield `rows` int64 [M] in parts [m], each with the states [m, d] that its `windows` read, without gradient."""
    training = backbone.training
    backbone.eval()
    for part in rows.split(FILL_ROWS):
        yield part, windows(part).encode(backbone)
    backbone.train(training)


def view_each(items: Tensor, begins: Tensor, lengths: Tensor) -> Windows:
    """Return a window of its own for each span of `items` [N], read at its end; `begins`, `lengths` int64 [M].

    Equal spans have windows of their own too, so that each has its own dropout.
    """
    return Windows(items[spans(begins, lengths)], lengths, window_offsets(lengths)[1:] - 1)


def view_prefixes(context: Context, positions: Tensor) -> Windows:
    """Return a window of its own for each prefix at `positions` int64 [M]; one that is there twice has two."""
    begins = context.samples.begins[positions]
    return view_each(context.sequences.items, begins, positions - begins + 1)


def view_own(items: Tensor, begins: Tensor, lengths: Tensor, own: slice) -> Windows:
    """Return the windows of this process: of two views of B samples, `begins` and `lengths` [2B], those of rows `own`.

    The first view of each comes first, then the second of each. So views may be drawn for all samples, alike in every
    process, and are encoded by one.
    """
    rows = torch.arange(len(lengths), device=lengths.device).view(2, -1)[:, own].flatten()
    return view_each(items, begins[rows], lengths[rows])


def view_augmented(context: Context, anchors: Anchors, rates: tuple[float, float, float]) -> Windows:
    """Return windows of two random augmentations of every own anchor's prefix; they are drawn for all anchors.

    `rates` are those of crop, mask and reorder. The first of each comes first, then the second of each.
    """
    begins = context.samples.begins[anchors.positions]  # [B]
    lengths = anchors.positions - begins + 1
    draws = draw_pairs(lengths, context.generator)
    items = context.sequences.items[spans(begins, lengths)].repeat(2)
    return view_own(*augment(items, lengths.repeat(2), draws, rates), anchors.own)
