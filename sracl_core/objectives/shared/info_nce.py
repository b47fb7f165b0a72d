"""InfoNCE, the loss of every contrast."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Similarity = Literal["cosine", "dot"]


def info_nce(
    first: Tensor, second: Tensor, temperature: float, similarity: str, excluded: Tensor | None = None
) -> Tensor:
    """InfoNCE between two views [B, d] of the same B samples; mean over the 2B rows.

    Both views are stacked; a row's positive is its other view, its 2B − 2 negatives are all remaining rows.
    `similarity` is `dot` or `cosine`; `temperature` τ divides it. `excluded` bool [B, B] leaves both views of sample j
    out of the negatives of sample i; its diagonal, which would be the positive, is not looked at. A row without any
    negative has loss 0. SRA-CL, L_CS and L_IS.
    """
    views = torch.cat([first, second])  # [2B, d]
    if similarity == "cosine":
        views = F.normalize(views, dim=1)
    logits = views @ views.T / temperature  # [2B, 2B]
    left_out = torch.eye(len(views), dtype=torch.bool, device=views.device)
    if excluded is not None:
        left_out = left_out | excluded.clone().fill_diagonal_(False).repeat(2, 2)
    positives = torch.arange(len(views), device=views.device).roll(len(first))
    return F.cross_entropy(logits.masked_fill(left_out, float("-inf")), positives)
