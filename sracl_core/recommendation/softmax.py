"""Cross entropy of the next item over the whole catalogue."""

import torch
from torch import Tensor
from torch.nn import functional as F

from sracl_core.model.backbone import Backbone
from sracl_core.recommendation.chunks import chunked_cross_entropy
from sracl_core.recommendation.protocol import RecommendationLoss

SCORES_BYTES = 256 * 2**20  # scores of the catalogue held at once
# On a CPU no more than its cache holds, as long as that makes matrices worth multiplying.
CPU_SCORES_BYTES, CPU_ROWS = 2 * 2**20, 64
COPIES_OF_SCORES = 3  # the scores, their softmax and their gradient
FLOAT_BYTES = 4


class Softmax(RecommendationLoss):
    """Full softmax: every item that is not the next one is a negative, and nothing is drawn."""

    scores_all = True

    def forward(self, states: Tensor, targets: Tensor, backbone: Backbone, drawn: Tensor) -> Tensor:
        """Return the mean of −log softmax over the catalogue."""
        return next_item_loss(states, targets, backbone.item_vectors())

    def step_bytes(self, positions: float, backbone: Backbone, shorter: str) -> dict[str, tuple[float, str]]:
        """Return the bytes of the scores that are held at once."""
        at_once = min(positions, rows_at_once(backbone.n_items, FLOAT_BYTES, backbone.device))
        return {"scores of the catalogue": (COPIES_OF_SCORES * FLOAT_BYTES * at_once * backbone.n_items, shorter)}


def next_item_loss(states: Tensor, targets: Tensor, item_vectors: Tensor) -> Tensor:
    """Cross entropy of the next item over the whole catalogue, with tied item vectors; mean over positions.

    `states` [T, d], `targets` int64 [T] (item ids from 1), `item_vectors` [n_items, d] (row i is item i + 1). Of the
    scores [T, n_items] those of `rows_at_once` positions are held at once. SRA-CL, L_rec.
    """
    rows = rows_at_once(len(item_vectors), states.element_size(), states.device)
    if states.device.type != "cpu" and len(states) <= rows:
        return F.cross_entropy(states @ item_vectors.T, targets - 1)
    return chunked_cross_entropy(states, item_vectors, targets - 1, rows)


def rows_at_once(n_items: int, bytes_each: int, device: torch.device) -> int:
    """Return of how many positions the scores of all items, each of `bytes_each`, are held at once; at least 1."""
    row = n_items * bytes_each
    fitting = max(1, SCORES_BYTES // row)
    return fitting if device.type != "cpu" else min(fitting, max(CPU_ROWS, CPU_SCORES_BYTES // row))


PLUGIN = Softmax
