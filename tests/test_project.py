"""The profiles of the last commit: silent where there never were any, plain where they cannot be read."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import write_table
from sracl_core.project import committed_profiles
from sracl_core.schemas.profiles import PROFILES

OUT = Path("data/artifacts/item_profiles.parquet")
STAGE = """stages:
  profile_items:
    cmd: cp made.parquet data/artifacts/item_profiles.parquet
    params: [profile.engine]
    outs: [data/artifacts/item_profiles.parquet]
"""
ROW = {"key": 1, "text": "A tea.", "request_sha256": "0" * 64, "address": "a" * 64, "engine": "openai"}


def run(folder: Path, *command: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DVC_ROOT"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def commit(folder: Path) -> None:
    run(folder, "git", "add", "-A")
    run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "--allow-empty", "-m", "x")


def found(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], str]:
    rows = committed_profiles(OUT).find(["a" * 64], "identity")
    return [row.text for row in rows], capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["openai", "extractive"])
def test_answers_of_the_last_commit(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    dvc = str(Path(sys.executable).with_name("dvc"))
    assert found(capsys) == ([], "")  # no repository
    run(tmp_path, "git", "init", "--quiet")
    run(tmp_path, dvc, "init", "--quiet")
    assert found(capsys) == ([], "")  # no commit
    (tmp_path / "params.yaml").write_text(f"profile: {{engine: {engine}}}\n")
    (tmp_path / "dvc.yaml").write_text(STAGE)
    (tmp_path / ".gitignore").write_text("made.parquet\n")
    OUT.parent.mkdir(parents=True)
    commit(tmp_path)
    assert found(capsys) == ([], "")  # no run
    write_table(tmp_path / "made.parquet", pa.Table.from_pylist([ROW], PROFILES), PROFILES, Provenance("t", "", ""))
    run(tmp_path, dvc, "repro", "--quiet")
    commit(tmp_path)
    OUT.unlink()
    assert found(capsys) == (["A tea."] if engine == "openai" else [], "")
    [cached] = [path for path in Path(".dvc/cache").rglob("*") if path.is_file() and b"A tea." in path.read_bytes()]
    cached.chmod(0o644)
    cached.write_bytes(cached.read_bytes().replace(b"A tea.", b"A sea."))
    texts, told = found(capsys)
    assert texts == []
    assert ("cannot be read on this machine (" in told) == (engine == "openai")
    run(tmp_path, "rm", "-rf", ".dvc/cache")
    texts, told = found(capsys)
    assert texts == []
    if engine == "extractive":
        assert told == ""
    else:
        assert told.startswith(f"The last commit's {OUT} cannot be read on this machine (")
        assert told.endswith("taken from it. `dvc pull` fetches it if somebody pushed it.\n")
