"""Random augmentations of packed windows: crop, mask and reorder (CL4SRec, section 3.3).

Of a window of ℓ items and the rates η, γ and β: `crop` keeps ⌊η·ℓ⌋ consecutive items (one at least), `mask` puts the
masked item in the place of ⌊γ·ℓ⌋ items, `reorder` shuffles ⌊β·ℓ⌋ consecutive items. All that is drawn is drawn first.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sracl_core.model.packed import window_offsets

CROP, MASK, REORDER = range(3)
MASKED = 0  # the item without a vector: zeros


@dataclass(frozen=True)
class Draws:
    """What chance decides for M windows with T items: `kinds` int64 [M], which augmentation each gets.

    `starts` [M] in [0, 1): where the part begins that is cropped or reordered. `order` [T]: items are masked and
    reordered in the order of these.
    """

    kinds: Tensor
    starts: Tensor
    order: Tensor


def draw_pairs(lengths: Tensor, generator: torch.Generator) -> Draws:
    """Draw two different augmentations for each window of `lengths` int64 [B], so M = 2B: first one of each."""
    device, count = lengths.device, len(lengths)
    first = torch.randint(3, (count,), generator=generator, device=device)
    further = torch.randint(1, 3, (count,), generator=generator, device=device)
    starts = torch.rand(2 * count, generator=generator, device=device)
    order = torch.rand(2 * int(lengths.sum()), generator=generator, device=device)
    return Draws(torch.cat([first, (first + further) % 3]), starts, order)


def augment(
    items: Tensor, lengths: Tensor, draws: Draws, rates: tuple[float, float, float]
) -> tuple[Tensor, Tensor, Tensor]:
    """Augment packed windows, `items` int64 [T] with `lengths` int64 [M], by the rates of crop, mask and reorder.

    Returns items [T], and where in them each augmented window begins and how long it is, int64 [M] each.
    """
    kinds = draws.kinds
    by_kind = torch.tensor(rates, dtype=torch.float64, device=items.device)
    parts = (by_kind[kinds] * lengths).long()  # [M], rounded down
    parts = torch.where(kinds == CROP, parts.clamp(min=1), parts)
    room = lengths - parts
    starts = torch.minimum((draws.starts * (room + 1)).long(), room)  # the product may round up to its bound
    offsets = window_offsets(lengths)[:-1]
    window = torch.repeat_interleave(torch.arange(len(lengths), device=items.device), lengths)  # [T]
    place = torch.arange(len(items), device=items.device) - offsets[window]  # [T]
    masks, reorders = (kinds == MASK)[window], (kinds == REORDER)[window]
    inside = masks | (reorders & (place >= starts[window]) & (place < (starts + parts)[window]))
    shuffled = _shuffle_runs(inside, window, draws.order)
    items = torch.where(reorders, items[shuffled], items)
    items = items.index_fill(0, shuffled[masks & (place < parts[window])], MASKED)
    crops = kinds == CROP
    return items, offsets + torch.where(crops, starts, 0), torch.where(crops, parts, lengths)


def _shuffle_runs(inside: Tensor, window: Tensor, order: Tensor) -> Tensor:
    """Return the rows 0 … T − 1 with those `inside`, one run of rows in each `window`, in the order of `order`, [T]."""
    rows = torch.arange(len(inside), device=inside.device)
    # A run sorts as its first row does, and so stays between the rows before and after it.
    first = torch.full_like(rows, len(rows)).scatter_reduce(0, window[inside], rows[inside], "amin")
    key = torch.where(inside, first[window], rows)
    by_draw = torch.argsort(order, stable=True)
    return by_draw[torch.argsort(key[by_draw], stable=True)]
