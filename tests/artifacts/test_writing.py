"""What a killed process leaves is removed by the next one, and what a living one holds is not."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sracl_core.artifacts.writing import atomic_path, remove_leftovers, temporary_folder
from tests.small_disk import run_on_small_disk

PROGRAMS = {
    "file": """
with atomic_path(Path(sys.argv[1]) / "[a] table.parquet") as path:
    path.write_text("half")
    print("open", flush=True)
    time.sleep(60)
""",
    "folder": """
with temporary_folder(Path(sys.argv[1]), "ingest") as path:
    (path / "spill").mkdir()
    (path / "spill/rows").write_text("half")
    print("open", flush=True)
    time.sleep(60)
""",
}


@contextmanager
def working(kind: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process in the middle of its work in `folder`."""
    program = (
        "import sys, time\nfrom pathlib import Path\n"
        "from sracl_core.artifacts.writing import atomic_path, temporary_folder\n" + PROGRAMS[kind]
    )
    with subprocess.Popen((sys.executable, "-c", program, str(folder)), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        yield process
        process.kill()


def again(kind: str, folder: Path) -> None:
    if kind == "file":
        with atomic_path(folder / "[a] table.parquet") as path:
            path.write_text("whole")
    else:
        with temporary_folder(folder, "ingest") as path:
            assert list(path.iterdir()) == []


@pytest.mark.parametrize("kind", PROGRAMS)
def test_leftovers_of_a_killed_process_go_with_the_next_run(tmp_path: Path, kind: str) -> None:
    with working(kind, tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert list(tmp_path.iterdir())
    again(kind, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == (["[a] table.parquet"] if kind == "file" else [])


@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_living_process_keeps_what_it_writes(tmp_path: Path, kind: str) -> None:
    with working(kind, tmp_path):
        before = {path.name for path in tmp_path.rglob("*")}
        assert before
        again(kind, tmp_path)
        assert before <= {path.name for path in tmp_path.rglob("*")}


def test_files_of_other_names_are_left_alone(tmp_path: Path) -> None:
    for name in (".users.parquet.0a.part", ".ingest.1b.part", "table.part", ".table.parquet"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".ingest.1b").mkdir()
    remove_leftovers(tmp_path, "table.parquet")
    assert len(list(tmp_path.iterdir())) == 5
    remove_leftovers(tmp_path, "ingest")
    assert len(list(tmp_path.iterdir())) == 3


REFUSED = """
import sys
from pathlib import Path
from sracl_core.artifacts.writing import atomic_path, temporary_folder
for writing in (atomic_path(Path(sys.argv[1]) / "a.parquet"), temporary_folder(Path(sys.argv[1]), "ingest")):
    try:
        with writing:
            print("written")
    except OSError as error:
        print(error.strerror, error.filename)
"""


def test_a_refusal_names_what_was_to_be_written(tmp_path: Path) -> None:
    """And not the temporary name beside it."""
    read_only = (
        f"import subprocess; subprocess.run(['mount', '-o', 'remount,ro', {str(tmp_path / 'ro')!r}], check=True)"
    )
    done = run_on_small_disk(tmp_path / "ro", "1m", read_only + REFUSED, str(tmp_path / "ro"))
    assert done.stdout.splitlines() == [
        f"Read-only file system {tmp_path / 'ro' / 'a.parquet'}",
        f"Read-only file system {tmp_path / 'ro'}",
    ], done.stderr
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError) as caught, atomic_path(tmp_path / "folder"):
        pass
    assert caught.value.filename == str(tmp_path / "folder")


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), temporary_folder(tmp_path, "ingest") as folder:
        (folder / "x").write_text("x")
        raise KeyError
    with pytest.raises(KeyError), atomic_path(tmp_path / "x"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
