"""The files of the inputs as such: each is whole, empty where nobody asked for rows, and an index of its vectors."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.ground.errors import ArtifactError
from sracl_core.retrieval.index.faiss_index import build_index, write_index
from tests.leakage.world import (
    certify,
    change,
    clean_world,
    expect_refusal,
    file_in,
    files_in,
    input_params,
    recertify,
)

STRAY = {
    "item_texts": {"item": 1, "text": "Bought with what came later."},
    "user_texts": {"user": 1, "end": 0, "text": "Wants what came later."},
    "item_vectors": {"key": 1, "embedding": [1.0]},
    "user_vectors": {"key": 0, "embedding": [1.0]},
    "item_space": {"key": 1, "embedding": [1.0]},
    "user_space": {"key": 0, "embedding": [1.0]},
}


@pytest.mark.parametrize("name", STRAY)
def test_a_row_that_nobody_asked_for_is_named(tmp_path: Path, name: str) -> None:
    world = clean_world()
    change(world, name, lambda rows: rows.append(STRAY[name]))
    expect_refusal(world, tmp_path, "not asked for", rf"{name}\.parquet: 1 rows, though (embed|profile|mine)\.")


@pytest.mark.parametrize("name", [path.stem for path in files_in(Path()).all() if path.suffix == ".parquet"])
def test_a_damaged_file_is_named_itself(tmp_path: Path, name: str) -> None:
    certify(clean_world(), tmp_path)
    path = file_in(tmp_path, name)
    content = bytearray(path.read_bytes())
    content[8] ^= 1
    path.write_bytes(content)
    other = Provenance("another", "", "")  # would be told first, were anything compared before all files are whole
    with pytest.raises(ArtifactError, match=rf"{name}\.parquet is damaged"):
        recertify(tmp_path, input_params(), {file_in(tmp_path, "users"): other})


def test_an_index_of_other_vectors_is_named(tmp_path: Path) -> None:
    world = clean_world()
    certify(world, tmp_path)
    path = file_in(tmp_path, "item_index")
    shutil.copyfile(file_in(tmp_path, "user_index"), path)
    with pytest.raises(ArtifactError, match=r"item_index\.faiss holds \d+ vectors of dimension"):
        recertify(tmp_path, input_params())
    keys = world["item_embeddings"]["key"].to_numpy()
    vectors = np.stack(world["item_embeddings"]["embedding"].to_pylist()).astype(np.float32)
    vectors[3, 0] = np.nextafter(vectors[3, 0], np.float32(1))
    write_index(path, build_index(keys, vectors))
    with pytest.raises(ArtifactError, match=r"item_index\.faiss .* built from other embeddings"):
        recertify(tmp_path, input_params())
