"""Reading an embeddings artifact."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sracl_core.artifacts import embeddings_schema, read_table
from sracl_core.errors import ArtifactError

UNIT_TOLERANCE = 1e-3


def read_embeddings(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the keys int64 [n] and the unit vectors float32 [n, D] of the embeddings artifact `path`.

    Raises ArtifactError when the file is missing, damaged or empty, when keys don't ascend, or when a vector is not a
    unit vector.
    """
    table = read_table(path)
    kind: Any = table.schema.field("embedding").type if "embedding" in table.schema.names else pa.null()
    if not pa.types.is_fixed_size_list(kind) or not table.schema.equals(embeddings_schema(kind.list_size)):
        raise ArtifactError(f"{path} is not an embeddings file. Run `dvc repro` to make it again.")
    keys = table["key"].to_numpy()
    vectors = table["embedding"].combine_chunks().flatten().to_numpy().reshape(-1, kind.list_size)
    problem = ""
    if not len(keys):
        problem = "it has no row"
    elif len(vectors) != len(keys):
        problem = "it has rows without a vector"
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
