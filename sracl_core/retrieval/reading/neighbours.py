"""Reading a candidate pool artifact."""

from pathlib import Path

import numpy as np

from sracl_core.artifacts.tables import list_size, read_table
from sracl_core.ground.errors import ArtifactError
from sracl_core.schemas.pools import pool_schema

AGAIN = "Run `dvc repro` to make it again."


def read_neighbours(path: Path, keys: np.ndarray, k: int) -> np.ndarray:
    """Return the neighbours int64 [P, k] of the candidate pools at `path`, best first; no rows where there are none.

    `keys` int64 [P] ascending are all that have a pool, and `k` is the size of each. Raises ArtifactError when the file
    is missing or damaged, when its pools are of another size or of other keys, when a neighbour is none of the `keys`,
    is the key itself or stands twice, or when scores are not in order.
    """
    found = list_size(path, "neighbour")
    table = read_table(path, pool_schema(found))
    neighbours = table["neighbour"].combine_chunks().flatten().to_numpy().reshape(-1, found)  # [P, k]
    scores = table["score"].combine_chunks().flatten().to_numpy().reshape(-1, found)  # [P, k]
    if not len(table):
        return neighbours
    if found != k:
        raise ArtifactError(f"{path} holds pools of {found} neighbours, but mine.k is {k}. {AGAIN}")
    if not np.array_equal(table["key"].to_numpy(), keys):
        raise ArtifactError(f"{path} holds pools of other keys, or in another order, than expected. {AGAIN}")
    place = np.minimum(np.searchsorted(keys, neighbours), len(keys) - 1)
    ordered = np.sort(neighbours, axis=1)
    for wrong, problem in (
        (keys[place] != neighbours, "a neighbour that does not exist"),
        (neighbours == keys[:, None], "the key itself as a neighbour"),
        (ordered[:, 1:] == ordered[:, :-1], "a neighbour twice"),
        (~(scores[:, 1:] <= scores[:, :-1]) | ~np.isfinite(scores[:, 1:]), "scores that do not descend"),
    ):
        rows = np.flatnonzero(wrong.any(axis=1))
        if len(rows):
            raise ArtifactError(f"{path} cannot be used: the pool of key {keys[rows[0]]} has {problem}. {AGAIN}")
    return neighbours
