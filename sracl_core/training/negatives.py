"""Which samples of a batch are no negatives of each other (`train.negatives`)."""

from torch import Tensor

from sracl_core.params.train import NegativesParams


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
