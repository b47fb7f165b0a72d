"""Checkpoints: whole or not there, one at a time, held by one process."""

from pathlib import Path

import pytest
import torch

from sracl_core.training.durability.checkpoints import Checkpoints, Snapshot, open_checkpoints
from tests.small_disk import run_on_small_disk
from tests.training.processes import CONTEXT


def snapshot(number: int) -> Snapshot:
    # Bit patterns that a detour over text or another type would lose.
    tensors = {"a/b": torch.tensor([float(number), 1e-45, -0.0]), "flag": torch.tensor([True]), "n": torch.tensor(3)}
    return Snapshot(tensors, {"step": number, "loss": 0.1 + 0.2})


def same(found: Snapshot | None, expected: Snapshot) -> bool:
    assert found is not None
    assert found.record == expected.record
    assert found.tensors.keys() == expected.tensors.keys()
    return all(torch.equal(found.tensors[name], tensor) for name, tensor in expected.tensors.items())


def test_the_newest_comes_back_and_takes_the_place_of_the_older(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "new", 60)
    assert checkpoints.read() is None
    assert checkpoints.newest() is None
    for number in range(1, 12):
        checkpoints.write(snapshot(number))
        assert same(checkpoints.read(), snapshot(number))
        assert list((tmp_path / "new").iterdir()) == [checkpoints.newest()]
    checkpoints.clear()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_one_is_told_of_and_the_one_before_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture, damage: str
) -> None:
    checkpoints = Checkpoints(tmp_path, 60)
    checkpoints.write(snapshot(1))
    older = checkpoints.newest()
    assert older is not None
    content = older.read_bytes()
    checkpoints.write(snapshot(2))
    older.write_bytes(content)  # as after a kill before it went
    newer = checkpoints.newest()
    assert newer is not None
    whole = newer.read_bytes()
    flipped = whole[:-1] + bytes([whole[-1] ^ 1])
    newer.write_bytes({"cut": whole[:-5], "flipped": flipped, "empty": b""}[damage])
    assert same(checkpoints.read(), snapshot(1))
    assert f"{newer} is damaged" in capsys.readouterr().err
    older.unlink()
    assert checkpoints.read() is None


def test_it_is_due_after_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("sracl_core.training.durability.checkpoints.time.monotonic", lambda: now[0])
    checkpoints = Checkpoints(tmp_path, 60)
    assert not checkpoints.due()
    now[0] = 160
    assert checkpoints.due()
    checkpoints.write(snapshot(1))
    assert not checkpoints.due()


def test_a_disk_that_refuses_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "file").touch()
    Checkpoints(tmp_path / "file" / "folder", 60).write(snapshot(1))
    assert "no checkpoint can be written" in capsys.readouterr().err


FULL = """
import sys
from pathlib import Path
import torch
from sracl_core.training.durability.checkpoints import Snapshot, open_checkpoints
folder = Path(sys.argv[1])
taken = [open(folder / f"file{number}", "w") for number in range(int(sys.argv[2]))]
with open_checkpoints(folder / "new", 60) as checkpoints:
    for _ in range(3 if checkpoints else 0):
        checkpoints.write(Snapshot({"weight": torch.zeros(1_000_000)}, {}))
    print(sorted(path.name for path in (folder / "new").glob("*")))
"""


def test_a_full_disk_is_told_of_once_with_what_is_free(tmp_path: Path) -> None:
    done = run_on_small_disk(tmp_path / "small", "2m", FULL, str(tmp_path / "small"), "0")
    assert (done.returncode, done.stdout) == (0, "['lock']\n")
    assert done.stderr.startswith(f"warning: no checkpoint can be written to {tmp_path}/small/new: its disk is full")
    assert done.stderr.count("\n") == 1 and "MB free in" in done.stderr and "not said again" in done.stderr


def test_a_disk_without_room_for_a_file_is_no_reason_to_end_either(tmp_path: Path) -> None:
    done = run_on_small_disk(tmp_path / "small", "2m", FULL, str(tmp_path / "small"), "199")
    assert (done.returncode, done.stdout) == (0, "[]\n")
    assert "its file system has no room for more files (0 of 200 inodes and 2.1 MB free in" in done.stderr
    assert done.stderr.endswith("small ones too. This training keeps none.\n")


def hold(folder: Path, held: object) -> None:
    with open_checkpoints(folder, 60) as checkpoints:
        assert checkpoints is not None
        held.set()  # type: ignore[attr-defined]
        CONTEXT.Event().wait()


def test_one_process_holds_them_and_a_kill_lets_go(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    held = CONTEXT.Event()
    other = CONTEXT.Process(target=hold, args=(tmp_path, held))
    other.start()
    assert held.wait(60)
    with open_checkpoints(tmp_path, 60) as checkpoints:
        assert checkpoints is None
    assert "keeps none" in capsys.readouterr().err
    other.kill()
    other.join()
    with open_checkpoints(tmp_path, 60) as checkpoints:
        assert checkpoints is not None
