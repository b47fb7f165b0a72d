"""The FAISS index over distinct vectors: exact inner product, which is the cosine of unit vectors."""

from pathlib import Path
from typing import Any

import faiss
import numpy as np

from sracl_core.artifacts.seal import add_trailer, holds_trailer, require_sealed
from sracl_core.artifacts.writing import atomic_path
from sracl_core.ground.errors import ArtifactError
from sracl_core.retrieval.index.distinct import DistinctVectors


def build_index(keys: np.ndarray, vectors: np.ndarray) -> faiss.IndexIDMap:
    """Return a flat index over `vectors` float32 [n, D] with ascending `keys` int64 [n].

    Identical vectors share one entry, whose id is their smallest key; entries stand in the order of their ids.
    """
    rows = DistinctVectors.of(vectors).first_rows
    index = faiss.IndexIDMap(faiss.IndexFlatIP(vectors.shape[1]))
    index.add_with_ids(np.ascontiguousarray(vectors[rows]), keys[rows])
    return index


def write_index(path: Path, index: faiss.IndexIDMap) -> None:
    """Write `index` at `path`, atomically and sealed; the same vectors give the same bytes."""
    with atomic_path(path) as temporary:
        faiss.write_index(index, str(temporary))
        add_trailer(temporary)


def read_index(path: Path, keys: np.ndarray, vectors: np.ndarray) -> faiss.IndexIDMap:
    """Return the index at `path`, checked against the embeddings it must have been built from.

    `keys` int64 [n] and `vectors` float32 [n, D]. Raises ArtifactError when the file is missing, damaged, of another
    kind, or built from other embeddings.
    """
    again = "Run `dvc repro` to make it again."
    require_sealed(path, holds_trailer)
    try:
        index: Any = faiss.read_index(str(path))
    except (RuntimeError, MemoryError) as error:  # damaged counts can ask for any size
        said = (str(error) or "its counts make no sense").splitlines()[0]
        raise ArtifactError(f"{path} is not a readable FAISS index: {said}. {again}") from None
    flat = faiss.downcast_index(index.index) if isinstance(index, faiss.IndexIDMap) else None
    if not isinstance(flat, faiss.IndexFlat) or flat.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise ArtifactError(f"{path} is not a flat inner product index with ids. {again}")
    rows = DistinctVectors.of(vectors).first_rows
    expected, found = (len(rows), vectors.shape[1]), (index.ntotal, index.d)
    if expected != found:
        raise ArtifactError(
            f"{path} holds {found[0]} vectors of dimension {found[1]}, but the embeddings have {expected[0]} distinct "
            f"ones of dimension {expected[1]}. {again}"
        )
    if not (np.array_equal(_ids(index), keys[rows]) and np.array_equal(_stored(flat), vectors[rows])):
        raise ArtifactError(f"{path} is damaged, or was built from other embeddings than the ones beside it. {again}")
    return index


def _ids(index: Any) -> np.ndarray:
    return faiss.vector_to_array(index.id_map)


def _stored(flat: Any) -> np.ndarray:
    return faiss.vector_to_array(flat.codes).view(np.float32).reshape(flat.ntotal, flat.d)
