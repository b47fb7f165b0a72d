"""A disk that is full ends the work in one line, with which file, how much is free and where space can be had."""

import errno
from pathlib import Path

import pytest

from sracl_core.ground.errors import StorageError
from sracl_core.ground.full_disk import means_full, size_of, told_when_full
from tests.small_disk import run_on_small_disk

BEGIN = """
import sys
from pathlib import Path
import numpy as np
from sracl_core.ground.errors import StorageError
folder = Path(sys.argv[1])
"""
END = """
try:
    write()
except StorageError as error:
    print(error)
    print("left:", sorted(path.name for path in folder.iterdir()))
"""
WRITERS = {
    "Parquet": """
import pyarrow as pa
from sracl_core.artifacts.provenance import Provenance
from sracl_core.vectors import embeddings_schema
from sracl_core.artifacts.tables import TableWriter
def write():
    schema = embeddings_schema(256)
    vectors = np.random.default_rng(1).normal(size=(256, 256)).astype(np.float32)
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 256)
    with TableWriter(folder / "file", schema, Provenance("test", "", "")) as writer:
        for _ in range(50):
            writer.write(pa.table([pa.array(range(256)), column], schema=schema))
""",
    "JSON": """
from sracl_core.documents import write_json
def write():
    write_json(folder / "file", ["x" * 100] * 50_000)
""",
    "FAISS": """
from sracl_core.retrieval.index.faiss_index import build_index, write_index
def write():
    vectors = np.random.default_rng(1).normal(size=(5_000, 256)).astype(np.float32)
    write_index(folder / "file", build_index(np.arange(5_000), vectors))
""",
    "safetensors": """
import torch
from safetensors.torch import save_file
from sracl_core.artifacts.writing import atomic_path
def write():
    with atomic_path(folder / "file") as temporary:
        save_file({"weight": torch.zeros(1_000_000)}, temporary)
""",
    "DuckDB": """
from sracl_core.ingest.raw.session import open_session
def write():
    with open_session(folder, memory_gb=0.15, threads=1) as session:
        session.run("CREATE TABLE t AS SELECT hash(i)::VARCHAR || hash(i + 1)::VARCHAR AS x FROM range(9000000) r(i)")
        session.rows("SELECT x FROM t ORDER BY x OFFSET 8999999")
""",
}


@pytest.mark.parametrize("writer", WRITERS)
def test_every_writer_tells_it_in_one_line(tmp_path: Path, writer: str) -> None:
    folder = tmp_path / "small"
    done = run_on_small_disk(folder, "2m", BEGIN + WRITERS[writer] + END, str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    told, left = done.stdout.splitlines()
    assert str(folder) in told and "its disk is full" in told and "free in" in told
    assert left == "left: []"


def test_a_disk_without_a_byte_left_is_told_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    full = """
(folder / "other").write_bytes(bytes(64))
try:
    with (folder / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(4096)):
            pass
except OSError:
    pass
"""
    done = run_on_small_disk(folder, "2m", BEGIN + WRITERS["Parquet"] + full + END, str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    told, left = done.stdout.splitlines()
    assert f"{folder}/file could not be written: its disk is full" in told and "(0 B free" in told
    assert left == "left: ['filler', 'other']"


TAKEN = """
taken = [open(folder / f"taken{number}", "w") for number in range(%d)]
def write():
    %s
"""


@pytest.mark.parametrize(
    ("taken", "name", "write"),
    [
        (199, "file", "from sracl_core.documents import write_json; write_json(folder / 'file', [])"),
        (
            198,
            "",
            "from sracl_core.artifacts.writing import temporary_folder; temporary_folder(folder, 'x').__enter__()",
        ),
    ],
    ids=["file", "folder"],
)
def test_used_up_inodes_are_no_full_disk(tmp_path: Path, taken: int, name: str, write: str) -> None:
    folder = tmp_path / "small"
    done = run_on_small_disk(folder, "2m", BEGIN + TAKEN % (taken, write) + END, str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    told = done.stdout.splitlines()[0]
    assert (
        told.startswith(f"{folder / name} could not be written") and "file system has no room for more files (" in told
    )
    assert "of 200 inodes and 2.1 MB free in" in told and "disk is full" not in told and ".x" not in told
    assert "Remove files that are not needed there, small ones too." in told


def test_where_space_can_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    (tmp_path / ".dvc/cache/files").mkdir(parents=True)
    (tmp_path / ".dvc/cache/files/one").write_bytes(bytes(2_500_000))
    with pytest.raises(StorageError) as caught, told_when_full(tmp_path / "out/x.parquet"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert f"{tmp_path}/out/x.parquet could not be written" in str(caught.value)
    assert ".dvc/cache (2.5 MB): `dvc gc --workspace`" in str(caught.value)
    assert ".sracl" not in str(caught.value)


def test_space_on_another_disk_is_not_named(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    program = """
import errno, os
from sracl_core.ground.full_disk import told_when_full
os.environ["DVC_ROOT"] = str(folder.parent)
cache = folder.parent / ".dvc/cache"
cache.mkdir(parents=True)
(cache / "one").write_bytes(bytes(1000))
def write():
    with told_when_full(folder / "x"):
        raise OSError(errno.ENOSPC, "No space left on device")
"""
    done = run_on_small_disk(folder, "2m", BEGIN + program + END, str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Remove what is not needed there." in done.stdout and ".dvc" not in done.stdout


def test_what_means_full_and_what_does_not() -> None:
    assert means_full(OSError(errno.EDQUOT, "Disk quota exceeded"))
    assert means_full(RuntimeError("write error in x: 12 != 40 (No space left on device)"))
    assert not means_full(OSError(errno.EACCES, "Permission denied"))
    assert not means_full(ValueError("no space for this"))
    with pytest.raises(KeyError), told_when_full(Path("x")):
        raise KeyError("x")


def test_sizes_are_written_as_people_read_them() -> None:
    assert [size_of(size) for size in (12, 1_500, 2_500_000, 3e12)] == ["12 B", "1.5 KB", "2.5 MB", "3000.0 GB"]
