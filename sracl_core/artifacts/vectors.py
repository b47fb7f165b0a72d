"""Vectors of items or prefixes as Parquet."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import TableWriter, list_size, read_table, write_table
from sracl_core.schemas.embeddings import embeddings_schema

ROWS_PER_GROUP = 16_384


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
