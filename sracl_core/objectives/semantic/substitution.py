"""Semantic substitution: the views of the intra-user contrast."""

import torch
from torch import Tensor

from sracl_core.batching.windows import Windows
from sracl_core.model.packed import spans, window_offsets
from sracl_core.objectives.shared.views import view_each, view_own


def substitute(items: Tensor, item_pool: Tensor, rate: float, generator: torch.Generator) -> Tensor:
    """Replace each item with probability `rate` by one drawn uniformly from its candidate pool.

    `items` int64 [T], `item_pool` int64 [n_items + 1, k]; returns int64 [T]. SRA-CL, semantic substitution.
    """
    device = items.device
    replaced = torch.rand(len(items), generator=generator, device=device) < rate  # [T]
    choice = torch.randint(item_pool.shape[1], (len(items),), generator=generator, device=device)  # [T]
    return torch.where(replaced, item_pool[items, choice], items)


def view_windows(
    items: Tensor,
    begins: Tensor,
    lasts: Tensor,
    *,
    item_pool: Tensor,
    rate: float,
    generator: torch.Generator,
    own: slice | None = None,
) -> Windows:
    """Return windows that read two views of every prefix `items[begin:last + 1]`: one of each, then another of each.

    `items` int64 [N], `begins` and `lasts` int64 [B]; pool, rate and generator as in `substitute`. Substitutions are
    drawn for all, so that processes that share the prefixes draw the same; the windows are those of `own`, or of all.
    """
    lengths = lasts - begins + 1  # [B]
    views = substitute(items[spans(begins, lengths)].repeat(2), item_pool, rate, generator)
    both = lengths.repeat(2)
    begins = window_offsets(both)[:-1]
    return view_each(views, begins, both) if own is None else view_own(views, begins, both, own)
