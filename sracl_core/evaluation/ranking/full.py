"""Full ranking: the place of each user's target among all items, without sampled negatives, in bounded memory."""

import math

import torch
from torch import Tensor

from sracl_core.ground.errors import TrainingError
from sracl_core.progress import Progress
from sracl_core.ragged import Ragged

BYTES_PER_SCORE = 9  # a float64 score and the bool of its comparison
# On a CPU a tile that stays in cache is about twice as fast as one of 256 MB.
CPU_TILE_BYTES = BYTES_PER_SCORE * 2**20


@torch.no_grad()
def full_ranks(
    queries: Tensor,
    item_vectors: Tensor,
    targets: Tensor,
    seen: Ragged | None = None,
    tile_bytes: int = 2**28,
    *,
    progress: Progress | None = None,
) -> Tensor:
    """Return the rank of every target among all items, int64 [U] on the CPU; 1 is best.

    `queries` is [U, d], `item_vectors` [n_items, d] (row i belongs to item i + 1) on the same device, and `targets`
    int64 [U] holds item ids. An item's score is its dot product with the query. `seen` lists for each user the items
    to rank behind all others (−inf); the target itself is never masked. Neither users nor items have to fit into one
    tile: `tile_bytes` bounds the memory of the scores held at once. `progress` counts users.

    Ties are broken pessimistically: every item that scores at least as high as the target ranks before it, so that a
    collapsed model, whose scores are all equal, earns nothing. In single precision equal vectors get scores that
    differ in the last bit from one place of a tile to another, and such a tie is lost. Scores are therefore
    summed in double precision and compared with a margin of the error bound of such a sum, d 2⁻⁵¹ |q| max |v|
    (Higham, Accuracy and Stability, §3.1, for both sides of the comparison): no item of an equal exact score can
    slip behind the target, whatever the tiling, the device or the order of the sum.

    Raises TrainingError, naming the row, when a query or an item vector is not finite, and ValueError when the
    shapes do not fit or a target is no item.
    """
    n_users, n_items = len(queries), len(item_vectors)
    if len(targets) != n_users or (seen is not None and len(seen) != n_users):
        raise ValueError(f"{n_users} queries need as many targets and rows of seen items")
    if n_users and not 1 <= int(targets.min()) <= int(targets.max()) <= n_items:
        raise ValueError(f"targets must be item ids from 1 to {n_items}")
    ranks = torch.zeros(n_users, dtype=torch.int64)
    if not n_users:
        return ranks
    _require_finite(queries, "the query of row", 0)
    _require_finite(item_vectors, "the vector of item", 1)
    columns = targets.to(queries.device) - 1
    masked = _seen_cells(seen, targets) if seen is not None else None
    longest = item_vectors.double().norm(dim=1).max()
    users_per_tile, items_per_tile = tile_shape(n_users, n_items, tile_bytes, queries.device)
    for start in range(0, n_users, users_per_tile):
        stop = min(start + users_per_tile, n_users)
        q = queries[start:stop].double()  # [u, d]
        target_scores = (q * item_vectors[columns[start:stop]].double()).sum(dim=1)  # [u]
        margin = q.shape[1] * 2.0**-51 * q.norm(dim=1) * longest  # [u]
        threshold = (target_scores - margin).unsqueeze(1)  # [u, 1]
        count = torch.zeros(stop - start, dtype=torch.int64, device=q.device)
        for first in range(0, n_items, items_per_tile):
            scores = q @ item_vectors[first : first + items_per_tile].double().T  # [u, m]
            if masked is not None:
                rows, cells = _within(masked, start, stop, first, first + scores.shape[1])
                scores[rows.to(q.device), cells.to(q.device)] = -math.inf
            count += (scores >= threshold).sum(dim=1)
        ranks[start:stop] = count.cpu()
        if progress is not None:
            progress.advance(stop - start)
    return ranks


def tile_shape(n_users: int, n_items: int, tile_bytes: int, device: torch.device) -> tuple[int, int]:
    """Return how many users and items one tile of at most `tile_bytes` spans: near a square, one at least of each."""
    if device.type == "cpu":
        tile_bytes = min(tile_bytes, CPU_TILE_BYTES)
    cells = max(1, tile_bytes // BYTES_PER_SCORE)
    users = min(n_users, max(1, math.isqrt(cells)))
    items = min(n_items, max(1, cells // users))
    return min(n_users, max(1, cells // items)), items


def _require_finite(vectors: Tensor, what: str, first: int) -> None:
    # A sum is finite only if all its terms are; this reads each vector once and copies nothing.
    wrong = (~torch.isfinite(vectors.sum(dim=1, dtype=torch.float64))).nonzero()
    if len(wrong):
        raise TrainingError(
            f"full ranking: {what} {int(wrong[0]) + first} is not finite ({len(wrong)} of {len(vectors)} are not). "
            "Training has diverged: lower train.learning_rate, or go back to an earlier checkpoint."
        )


def _seen_cells(seen: Ragged, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Rows, ascending, and item columns, each int64 [N] on the CPU, of all that is to be masked."""
    rows = torch.repeat_interleave(torch.as_tensor(seen.lengths))
    cells = torch.as_tensor(seen.values).long() - 1
    kept = cells != targets.cpu()[rows] - 1
    return rows[kept], cells[kept]


def _within(cells: tuple[Tensor, Tensor], start: int, stop: int, first: int, last: int) -> tuple[Tensor, Tensor]:
    """The masked cells inside rows [start, stop) and columns [first, last), counted from the tile's corner."""
    low, high = torch.searchsorted(cells[0], torch.tensor([start, stop])).tolist()
    rows, columns = cells[0][low:high], cells[1][low:high]
    inside = (columns >= first) & (columns < last)
    return rows[inside] - start, columns[inside] - first
