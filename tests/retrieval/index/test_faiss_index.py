"""Distinct vectors, the index over them, and the reading of embeddings."""

from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.seal import add_trailer
from sracl_core.artifacts.tables import write_table
from sracl_core.ground.errors import ArtifactError
from sracl_core.retrieval.index.distinct import DistinctVectors
from sracl_core.retrieval.index.faiss_index import build_index, read_index, write_index
from sracl_core.vectors import embeddings_schema, read_embeddings

VECTORS = np.array([[0, 1], [1, 0], [0, 1], [0.6, 0.8], [1, 0], [0, 1]], dtype=np.float32)
KEYS = np.array([3, 5, 6, 8, 9, 12])


def test_identical_vectors_are_gathered_in_row_order() -> None:
    distinct = DistinctVectors.of(VECTORS)
    assert len(distinct) == 3
    assert distinct.first_rows.tolist() == [0, 1, 3]
    assert distinct.of_row.tolist() == [0, 1, 0, 2, 1, 0]
    members = [distinct.members[a:b].tolist() for a, b in zip(distinct.offsets, distinct.offsets[1:], strict=False)]
    assert members == [[0, 2, 5], [1, 4], [3]]


def test_the_index_holds_each_distinct_vector_by_its_smallest_key() -> None:
    index = build_index(KEYS, VECTORS)
    scores, ids = index.search(VECTORS[3:4], 3)
    assert ids.tolist() == [[8, 3, 5]]
    np.testing.assert_allclose(scores, [[1, 0.8, 0.6]], rtol=1e-6)


def test_the_file_is_the_same_twice_and_reads_back(tmp_path: Path) -> None:
    for name in ("a.faiss", "b.faiss"):
        write_index(tmp_path / name, build_index(KEYS, VECTORS))
    assert (tmp_path / "a.faiss").read_bytes() == (tmp_path / "b.faiss").read_bytes()
    assert read_index(tmp_path / "a.faiss", KEYS, VECTORS).ntotal == 3


def test_an_index_of_other_embeddings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.faiss"
    write_index(path, build_index(KEYS, VECTORS))
    turned = VECTORS[:, ::-1].copy()
    for keys, vectors, message in [
        (KEYS[:2], VECTORS[:2], "holds 3 vectors of dimension 2, but the embeddings have 2"),
        (KEYS, np.pad(VECTORS, ((0, 0), (0, 1))), "of dimension 3"),
        (KEYS + 1, VECTORS, "built from other embeddings"),
        (KEYS, turned, "built from other embeddings"),
    ]:
        with pytest.raises(ArtifactError, match=message):
            read_index(path, keys, vectors)


def test_files_that_are_no_such_index_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"does not exist.*dvc repro"):
        read_index(tmp_path / "none", KEYS, VECTORS)
    (tmp_path / "text").write_text("no index")
    with pytest.raises(ArtifactError, match="its bytes are not the ones written"):
        read_index(tmp_path / "text", KEYS, VECTORS)
    add_trailer(tmp_path / "text")
    with pytest.raises(ArtifactError, match="not a readable FAISS index"):
        read_index(tmp_path / "text", KEYS, VECTORS)
    write_index(tmp_path / "whole", build_index(KEYS, VECTORS))
    (tmp_path / "half").write_bytes((tmp_path / "whole").read_bytes()[:60])
    with pytest.raises(ArtifactError, match="its bytes are not the ones written"):
        read_index(tmp_path / "half", KEYS, VECTORS)
    with (tmp_path / "whole").open("ab") as longer:
        longer.write(b"\0")
    with pytest.raises(ArtifactError, match="its bytes are not the ones written"):
        read_index(tmp_path / "whole", KEYS, VECTORS)
    faiss.write_index(faiss.IndexFlatL2(2), str(tmp_path / "other"))
    add_trailer(tmp_path / "other")
    with pytest.raises(ArtifactError, match="not a flat inner product index"):
        read_index(tmp_path / "other", KEYS, VECTORS)


def embeddings_file(path: Path, keys: list[int], vectors: list[list[float]] | list[list[float] | None]) -> Path:
    table = pa.table([pa.array(keys), pa.array(vectors, pa.list_(pa.float32(), 2))], schema=embeddings_schema(2))
    write_table(path, table, embeddings_schema(2), Provenance("test", "0", "0"))
    return path


def test_embeddings_read_back(tmp_path: Path) -> None:
    keys, vectors = read_embeddings(embeddings_file(tmp_path / "x", KEYS.tolist(), VECTORS.tolist()))
    assert np.array_equal(keys, KEYS)
    assert np.array_equal(vectors, VECTORS)


@pytest.mark.parametrize(
    ("keys", "vectors", "message"),
    [
        ([], [], "has no row"),
        ([1, 1], [[0, 1], [0, 1]], "don't ascend at row 1"),
        ([1, 2], [[0, 1], [0, 2]], "key 2 has norm 2.0"),
        ([1, 2], [[0, 1], [0, float("nan")]], "key 2 has norm nan"),
        ([1, 2], [[0, 1], None], "1 values of its column embedding are missing"),
    ],
)
def test_embeddings_that_cannot_be_used_say_why(
    tmp_path: Path, keys: list[int], vectors: list[list[float] | None], message: str
) -> None:
    with pytest.raises(ArtifactError, match=message):
        read_embeddings(embeddings_file(tmp_path / "x", keys, vectors))


def test_another_table_is_no_embeddings_file(tmp_path: Path) -> None:
    schema = pa.schema([("key", pa.int64())])
    write_table(tmp_path / "x", pa.table({"key": [1]}), schema, Provenance("test", "0", "0"))
    with pytest.raises(ArtifactError, match="has other columns than expected"):
        read_embeddings(tmp_path / "x")
