"""Files between stages: whole or absent, the same bytes for the same rows, refused when they are not as expected."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sracl_core.artifacts.provenance import SCHEMA_VERSION, Provenance, source_digest
from sracl_core.artifacts.tables import TableWriter, read_provenance, read_table, require_empty, write_table
from sracl_core.artifacts.writing import atomic_path
from sracl_core.documents import read_json, write_json
from sracl_core.ground.errors import ArtifactError
from sracl_core.ground.version import VERSION
from sracl_core.schemas.ingest import SEQUENCES, USERS
from sracl_core.schemas.pools import pool_schema
from sracl_core.vectors import embeddings_schema

HERE = Provenance("test", "params", "sources")


def users(count: int = 3) -> pa.Table:
    return pa.table({"user": range(count), "user_id": [f"u{n}" for n in range(count)], "n_train": [5] * count})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "users.parquet"
    write_table(path, users(), USERS, HERE)
    table = read_table(path, USERS)
    assert table.schema.equals(USERS)
    assert table.to_pylist() == users().to_pylist()
    assert read_table(path, USERS, columns=["user_id"]).column_names == ["user_id"]


def test_lists_and_vectors_keep_their_type(tmp_path: Path) -> None:
    sequences = pa.table({"user": [0], "train": [[1, 2]], "valid": [[3]], "test": pa.array([[]], pa.list_(pa.int32()))})
    write_table(tmp_path / "s.parquet", sequences, SEQUENCES, HERE)
    assert read_table(tmp_path / "s.parquet", SEQUENCES).to_pylist() == sequences.to_pylist()
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.eye(3, dtype=np.float32).ravel()), 3)
    write_table(tmp_path / "e.parquet", pa.table({"key": range(3), "embedding": vectors}), embeddings_schema(3), HERE)
    assert read_table(tmp_path / "e.parquet", embeddings_schema(3)).num_rows == 3
    with pytest.raises(ArtifactError, match=r"embedding: expected .*\[4\], found .*\[3\]"):
        read_table(tmp_path / "e.parquet", embeddings_schema(4))
    assert pool_schema(2).field("neighbour").type == pa.list_(pa.int64(), 2)


def test_the_file_says_where_it_comes_from(tmp_path: Path) -> None:
    write_table(tmp_path / "u.parquet", users(), USERS, HERE)
    assert read_provenance(tmp_path / "u.parquet") == HERE
    metadata = pq.read_schema(tmp_path / "u.parquet").metadata
    assert metadata[b"sracl.schema_version"] == SCHEMA_VERSION.encode()
    assert metadata[b"sracl.project_version"] == VERSION.encode()
    assert len(pq.read_metadata(tmp_path / "u.parquet").metadata[b"sracl.seal"]) == 64


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_table(tmp_path / name / "u.parquet", users(1000), USERS, HERE)
    assert (tmp_path / "one/u.parquet").read_bytes() == (tmp_path / "two/u.parquet").read_bytes()


def test_batches_make_one_file(tmp_path: Path) -> None:
    with TableWriter(tmp_path / "u.parquet", USERS, HERE) as writer:
        writer.write(users(2))
        assert not (tmp_path / "u.parquet").exists()
        writer.write(users(3))
    assert read_table(tmp_path / "u.parquet", USERS).num_rows == 5


def test_no_rows_are_rows_too(tmp_path: Path) -> None:
    write_table(tmp_path / "u.parquet", USERS.empty_table(), USERS, HERE)
    assert read_table(tmp_path / "u.parquet", USERS).num_rows == 0


def test_a_failure_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "u.parquet"
    write_table(path, users(2), USERS, HERE)
    with pytest.raises(RuntimeError), TableWriter(path, USERS, HERE) as writer:
        writer.write(users(9))
        raise RuntimeError
    assert read_table(path, USERS).num_rows == 2
    with pytest.raises(pa.ArrowInvalid):
        write_table(path, users().set_column(0, "user", pa.array([2**40] * 3)), USERS, HERE)
    assert read_table(path, USERS).num_rows == 2
    assert [file.name for file in tmp_path.iterdir()] == ["u.parquet"]


def test_a_killed_process_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "u.parquet"
    write_table(path, users(2), USERS, HERE)
    program = f"""
import sys, time
from pathlib import Path
import pyarrow as pa
from sracl_core.artifacts.provenance import Provenance
from sracl_core.schemas.ingest import USERS
from sracl_core.artifacts.tables import TableWriter
with TableWriter(Path({str(path)!r}), USERS, Provenance("killed", "", "")) as writer:
    writer.write(pa.table({{"user": [0], "user_id": ["x"], "n_train": [1]}}))
    print("written", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen((sys.executable, "-c", program), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert read_table(path, USERS).num_rows == 2
    write_table(path, users(3), USERS, HERE)
    assert read_table(path, USERS).num_rows == 3


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    """A file replaced over and over by another process is whole whenever it is read."""
    path = tmp_path / "value.json"
    write_json(path, [0] * 20_000)
    program = f"""
from pathlib import Path
from sracl_core.documents import write_json
for value in range(40):
    write_json(Path({str(path)!r}), [value] * 20_000)
"""
    seen = set()
    with subprocess.Popen((sys.executable, "-c", program)) as process:
        while process.poll() is None:
            value = read_json(path)
            assert value == [value[0]] * 20_000
            seen.add(value[0])
            time.sleep(0.001)
    assert len(seen) > 1


@pytest.mark.parametrize("broken", ["missing", "text", "cut", "empty", "folder"])
def test_what_cannot_be_read_is_named_with_the_next_step(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "u.parquet"
    write_table(path, users(), USERS, HERE)
    data = path.read_bytes()
    path.unlink()
    if broken == "folder":
        path.mkdir()
    elif broken != "missing":
        path.write_bytes({"text": b"user,item\n", "cut": data[: len(data) // 2], "empty": b""}[broken])
    with pytest.raises(ArtifactError, match=r"u\.parquet .*dvc repro"):
        read_table(path, USERS)


def test_damage_inside_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "u.parquet"
    write_table(path, users(5000), USERS, HERE)
    data = bytearray(path.read_bytes())
    data[20:400] = bytes(380)
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match=r"no readable artifact|is damaged, or was changed"):
        read_table(path, USERS)


def test_every_differing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "u.parquet"
    other = pa.schema([("user", pa.int64()), ("user_id", pa.string()), ("extra", pa.int32())])
    write_table(path, pa.table({"user": [1], "user_id": ["a"], "extra": [2]}), other, HERE)
    with pytest.raises(ArtifactError) as caught:
        read_table(path, USERS)
    for expected in (
        "user: expected int32, found int64",
        "n_train: expected int32, found no such column",
        "extra: expected no such column, found int32",
    ):
        assert expected in str(caught.value)


def test_files_from_elsewhere_are_refused(tmp_path: Path) -> None:
    pq.write_table(users().cast(USERS), tmp_path / "u.parquet")
    with pytest.raises(ArtifactError, match="it bears no seal, so something else wrote it"):
        read_table(tmp_path / "u.parquet", USERS)


def test_json_there_and_back(tmp_path: Path) -> None:
    value = {"b": 1, "a": [1.5, None, "é"]}
    write_json(tmp_path / "x.json", value)
    assert read_json(tmp_path / "x.json") == value
    assert (tmp_path / "x.json").read_text(encoding="utf-8").startswith('{\n  "b": 1,')
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", float("nan"))
    assert read_json(tmp_path / "x.json") == value


def test_json_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="does not exist"):
        read_json(tmp_path / "x.json")
    for content in (b"{", b"\xff"):
        (tmp_path / "x.json").write_bytes(content)
        with pytest.raises(ArtifactError, match="not valid JSON"):
            read_json(tmp_path / "x.json")


def test_the_digest_of_sources(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "a.csv").write_text("a")
        (tmp_path / name / "sub" / "b.csv").write_text("b")
    one, two = tmp_path / "one", tmp_path / "two"
    before = source_digest([one])
    assert before == source_digest([two])  # the folder's own place does not count
    (two / "sub" / "b.csv").write_text("c")
    assert source_digest([two]) != before
    (two / "sub" / "b.csv").write_text("b")
    (two / "a.csv").rename(two / "c.csv")
    assert source_digest([two]) != before
    assert source_digest([one / "a.csv", one / "sub/b.csv"]) != source_digest([one / "sub/b.csv", one / "a.csv"])
    with pytest.raises(ArtifactError, match=r"none\.csv does not exist"):
        source_digest([one / "none.csv"])


def test_atomic_path_cleans_up(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "x") as temporary:
        temporary.write_text("part")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_only_what_differs_is_told(tmp_path: Path) -> None:
    """Parquet calls what is within a list otherwise than Arrow does; that is no difference."""
    written = pa.schema([("key", pa.int32()), *list(pool_schema(2))[1:], ("more", pa.string())])
    write_table(tmp_path / "pool.parquet", written.empty_table(), written, HERE)
    with pytest.raises(ArtifactError) as caught:
        read_table(tmp_path / "pool.parquet", pool_schema(2))
    told = "(key: expected int64, found int32; more: expected no such column, found string)"
    assert f"has other columns than expected {told}" in str(caught.value)


def test_rows_where_there_should_be_none_are_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "none.parquet", USERS.empty_table(), USERS, HERE)
    require_empty(tmp_path / "none.parquet", USERS, "nobody asked")
    with pytest.raises(ArtifactError, match=r"none\.parquet has other columns than expected"):
        require_empty(tmp_path / "none.parquet", SEQUENCES, "nobody asked")
    write_table(tmp_path / "some.parquet", users(), USERS, HERE)
    with pytest.raises(ArtifactError, match=r"some\.parquet holds 3 rows, and should hold none: nobody asked\."):
        require_empty(tmp_path / "some.parquet", USERS, "nobody asked")
