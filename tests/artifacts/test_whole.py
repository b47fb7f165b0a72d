"""Whether a file is the one that was written, before its digest counts for anything."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.seal import add_trailer, require_whole
from sracl_core.artifacts.tables import write_table
from sracl_core.ground.errors import ArtifactError
from sracl_core.schemas.ingest import USERS


@pytest.fixture(params=["x.parquet", "x.faiss"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    if path.suffix == ".faiss":
        path.write_bytes(b"an index of some kind" * 9)
        add_trailer(path)
    else:
        write_table(path, USERS.empty_table(), USERS, Provenance("test", "", ""))
    return path


def test_what_was_written_passes(path: Path) -> None:
    require_whole(path)


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[:-1], lambda data: data + b"\n", lambda data: data[:9] + b"?" + data[10:]],
)
def test_what_was_not_is_named(path: Path, damage: Callable[[bytes], bytes]) -> None:
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ArtifactError, match=rf"{path.name} is (damaged|no readable artifact).*dvc repro"):
        require_whole(path)


def test_what_is_missing_or_no_file_is_named(path: Path) -> None:
    path.unlink()
    with pytest.raises(ArtifactError, match=rf"{path.name} does not exist"):
        require_whole(path)
    path.mkdir()
    with pytest.raises(ArtifactError, match=rf"{path.name} is no readable artifact"):
        require_whole(path)
