"""Vectors of items or prefixes as Parquet, the embeddings above all."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import TableWriter, list_size, read_table, require_empty, write_table
from sracl_core.ground.errors import ArtifactError

ROWS_PER_GROUP = 16_384
UNIT_TOLERANCE = 1e-3


def embeddings_schema(dimension: int) -> pa.Schema:
    """Schema of an embeddings file: one unit vector of `dimension` float32 a key."""
    return pa.schema([("key", pa.int64()), ("embedding", pa.list_(pa.float32(), dimension))])


def write_vectors(path: Path, keys: np.ndarray, vectors: np.ndarray, provenance: Provenance) -> None:
    """Write `vectors` float32 [n, D] of `keys` int64 [n] in the schema of embeddings, in the order given."""
    dimension = vectors.shape[1]
    schema = embeddings_schema(dimension)
    with TableWriter(path, schema, provenance) as writer:
        for begin in range(0, len(keys), ROWS_PER_GROUP):
            part = slice(begin, begin + ROWS_PER_GROUP)
            flat = pa.array(np.ascontiguousarray(vectors[part]).reshape(-1), pa.float32())
            column = pa.FixedSizeListArray.from_arrays(flat, dimension)
            writer.write(pa.table([pa.array(keys[part], pa.int64()), column], schema=schema))


def read_vectors(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the keys int64 [n] and vectors float32 [n, D] at `path`; raises ArtifactError as `read_table` does."""
    dimension = list_size(path, "embedding")
    table = read_table(path, embeddings_schema(dimension))
    flat = table["embedding"].combine_chunks().flatten().to_numpy()
    return table["key"].to_numpy(), flat.reshape(-1, dimension)


def no_vectors(path: Path, provenance: Provenance) -> None:
    """Write a file of vectors without any, where nobody wants them."""
    schema = embeddings_schema(1)
    write_table(path, schema.empty_table(), schema, provenance)


def require_no_vectors(path: Path, why: str) -> None:
    """Raise ArtifactError unless `path` is a file of vectors that has none; `why` it may have none."""
    require_empty(path, embeddings_schema(list_size(path, "embedding")), why)


def first_unordered(keys: np.ndarray) -> int | None:
    """Return the first row of `keys` int64 [n] that is no greater than the one before; None where they ascend."""
    rows = np.flatnonzero(np.diff(keys) <= 0)
    return int(rows[0]) + 1 if len(rows) else None


def read_embeddings(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the keys int64 [n] and the unit vectors float32 [n, D] of the embeddings artifact `path`.

    Raises ArtifactError when the file is missing, damaged or empty, when keys don't ascend, or when a vector is not a
    unit vector.
    """
    keys, vectors = read_vectors(path)
    problem = ""
    if not len(keys):
        problem = "it has no row"
    elif (row := first_unordered(keys)) is not None:
        problem = f"its keys don't ascend at row {row}"
    else:
        norms = np.linalg.norm(vectors, axis=1)
        wrong = np.flatnonzero(~(np.abs(norms - 1) < UNIT_TOLERANCE))
        if len(wrong):
            problem = f"key {keys[wrong[0]]} has norm {norms[wrong[0]]}, expected 1 ({len(wrong)} such rows)"
    if problem:
        raise ArtifactError(f"{path} cannot be used: {problem}. Run `dvc repro` to make it again.")
    return keys, vectors
