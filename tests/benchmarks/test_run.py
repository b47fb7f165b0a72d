"""How a benchmark ends when it is run by a mistake: with a message, not with a traceback."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from dag.source import ROOT

FOLDER = ROOT / "benchmarks"
PROGRAMS = [path for path in sorted(FOLDER.rglob("*.py")) if "typer.Option(" in path.read_text()]


@pytest.mark.parametrize("command", [["epochs.py"], ["quality.py", "compare"]], ids=" ".join)
def test_a_folder_without_artifacts_is_told_without_a_traceback(command: list[str], tmp_path: Path) -> None:
    program = [sys.executable, str(FOLDER / command[0]), *command[1:], "--data", str(tmp_path)]
    ended = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: {tmp_path}/interim/sequences.parquet does not exist. Run `dvc repro`")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_every_benchmark_with_options_is_run_as_the_stages_are(path: Path) -> None:
    main = ast.parse(path.read_text()).body[-1]
    assert isinstance(main, ast.If)
    assert ast.unparse(main.body[-1]) in ("run(main)", "run(app)")
