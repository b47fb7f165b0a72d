"""A stage that is started with a python in which the project is not installed."""

import subprocess
import sys

from dag.source import ROOT


def test_another_python_is_told_what_to_do() -> None:
    bare = [sys.executable, "-S"]  # without site-packages
    ended = subprocess.run([*bare, "-m", "stages.check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: {sys.executable} has no pyarrow")
    assert "source .venv/bin/activate" in ended.stderr and "Traceback" not in ended.stderr
