"""Which samples of a batch are no negatives of each other."""

from pydantic import Field
from torch import Tensor

from sracl_core.params.reading.fields import Fields


class NegativesParams(Fields):
    """Samples left out of InfoNCE's denominator."""

    mask_same_target: bool = Field(False, description="leave out samples whose anchor has the same next item")
    mask_pool: bool = Field(False, description="leave out a pair of which one lies in the other's candidate pool")


def excluded_negatives(params: NegativesParams, targets: Tensor, rows: Tensor, pool: Tensor) -> Tensor | None:
    """Return which pairs of anchors are not to be pushed apart, bool [B, B] and symmetric; None for none of them.

    `targets` int64 [B] are the anchors' next items, `rows` int64 [B] their prefixes, `pool` int64 [B, k] the prefixes
    in their candidate pools. The pool masks both directions: leaving j out of i's negatives while i stays among j's
    would still push the two apart.
    """
    excluded = None
    if params.mask_same_target:
        excluded = targets[:, None] == targets
    if params.mask_pool:
        within = (pool[:, :, None] == rows).any(dim=1)  # [B, B]: j lies in the pool of i
        within = within | within.T
        excluded = within if excluded is None else excluded | within
    return excluded
