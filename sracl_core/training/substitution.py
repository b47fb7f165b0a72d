"""Semantic substitution: the views of the intra-user contrast."""

import torch
from torch import Tensor


def substitute(items: Tensor, item_pool: Tensor, rate: float, generator: torch.Generator) -> Tensor:
    """Replace each item with probability `rate` by one drawn uniformly from its candidate pool.

    `items` int64 [T], `item_pool` int64 [n_items + 1, k]; returns int64 [T]. SRA-CL, semantic substitution.
    """
    device = items.device
    replaced = torch.rand(len(items), generator=generator, device=device) < rate  # [T]
    choice = torch.randint(item_pool.shape[1], (len(items),), generator=generator, device=device)  # [T]
    return torch.where(replaced, item_pool[items, choice], items)
