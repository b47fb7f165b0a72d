"""k-means."""

import torch
from torch import Tensor

ROUNDS = 20
ROWS = 8192  # points whose distances are held at once


def k_means(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return the centres of `count` ≤ M clusters of `points` [M, d], [count, d], after 20 rounds.

    They begin at different points, drawn at random; a cluster that nothing falls into keeps its centre.
    """
    centres = points[torch.randperm(len(points), generator=generator, device=points.device)[:count]]
    for _ in range(ROUNDS):
        nearest = nearest_centres(points, centres)
        sums = torch.zeros_like(centres).index_add_(0, nearest, points)
        sizes = torch.bincount(nearest, minlength=count)[:, None]
        centres = torch.where(sizes > 0, sums / sizes.clamp(min=1), centres)
    return centres


def nearest_centres(points: Tensor, centres: Tensor) -> Tensor:
    """Return which of the `centres` [k, d] lies nearest to each of the `points` [M, d], int64 [M]."""
    half = centres.square().sum(1) / 2  # |p − c|² = |p|² − 2 (p·c − |c|² / 2)
    # In place: a second matrix of that size would take as long as the product.
    return torch.cat([(part @ centres.T).sub_(half).argmax(1) for part in points.split(ROWS)])
