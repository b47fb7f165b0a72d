"""Reading a candidate pool artifact."""

from pathlib import Path

import numpy as np

from sracl_core.artifacts import read_table


def read_neighbours(path: Path) -> np.ndarray:
    """Return the neighbours int64 [keys, k] of the candidate pools at `path`, best first.

    Raises ArtifactError when the file is missing or damaged.
    """
    table = read_table(path)
    return table["neighbour"].combine_chunks().flatten().to_numpy().reshape(len(table), -1)
