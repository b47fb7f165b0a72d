"""The profiles that become vectors: their keys ascend, and vectors brought along are of the same ones."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import write_table
from sracl_core.embed.vectors import read_brought, read_texts
from sracl_core.ground.errors import ArtifactError
from sracl_core.schemas.profiles import PROFILES
from sracl_core.vectors import no_vectors, require_no_vectors, write_vectors

HERE = Provenance("test", "", "")


def profiles(path: Path, keys: list[int]) -> Path:
    rows = [{"key": key, "text": f"text {key}", "request_sha256": "", "address": "", "engine": "e"} for key in keys]
    write_table(path, pa.Table.from_pylist(rows, schema=PROFILES), PROFILES, HERE)
    return path


@pytest.mark.parametrize(("keys", "told"), [([3, 2, 1], "row 1 .key 2 after 3"), ([1, 2, 2], "row 2 .key 2 after 2")])
def test_profiles_out_of_order_are_refused(tmp_path: Path, keys: list[int], told: str) -> None:
    with pytest.raises(ArtifactError, match=rf"user_profiles\.parquet cannot be used: its keys don't ascend at {told}"):
        read_texts(profiles(tmp_path / "user_profiles.parquet", keys))
    found, texts = read_texts(profiles(tmp_path / "user_profiles.parquet", sorted({*keys})))
    assert texts == [f"text {key}" for key in found.tolist()]


def test_brought_vectors_of_other_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "item_vectors.parquet"
    write_vectors(path, np.array([1, 2]), np.eye(2, dtype=np.float32), HERE)
    assert read_brought(path, Path("p.parquet"), np.array([1, 2])).tolist() == np.eye(2).tolist()
    with pytest.raises(ArtifactError, match=r"item_vectors\.parquet and p\.parquet have other keys"):
        read_brought(path, Path("p.parquet"), np.array([1, 3]))
    with pytest.raises(ArtifactError, match=r"item_vectors\.parquet holds 2 rows, and should hold none: because"):
        require_no_vectors(path, "because")
    no_vectors(path, HERE)
    require_no_vectors(path, "because")
