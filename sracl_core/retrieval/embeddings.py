"""Reading an embeddings artifact."""

from pathlib import Path

import numpy as np

from sracl_core.artifacts.vectors import read_vectors
from sracl_core.ground.errors import ArtifactError
from sracl_core.params.retrieval import MineParams

UNIT_TOLERANCE = 1e-3


def chosen_space(params: MineParams, embeddings: Path, space: Path) -> Path:
    """Return the file whose vectors pools are mined from, as `mine.vectors` says."""
    return embeddings if params.vectors == "semantic" else space


def read_embeddings(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the keys int64 [n] and the unit vectors float32 [n, D] of the embeddings artifact `path`.

    Raises ArtifactError when the file is missing, damaged or empty, when keys don't ascend, or when a vector is not a
    unit vector.
    """
    keys, vectors = read_vectors(path)
    problem = ""
    if not len(keys):
        problem = "it has no row"
    elif (np.diff(keys) <= 0).any():
        problem = f"its keys don't ascend at row {int(np.argmax(np.diff(keys) <= 0)) + 1}"
    else:
        norms = np.linalg.norm(vectors, axis=1)
        wrong = np.flatnonzero(~(np.abs(norms - 1) < UNIT_TOLERANCE))
        if len(wrong):
            problem = f"key {keys[wrong[0]]} has norm {norms[wrong[0]]}, expected 1 ({len(wrong)} such rows)"
    if problem:
        raise ArtifactError(f"{path} cannot be used: {problem}. Run `dvc repro` to make it again.")
    return keys, vectors
