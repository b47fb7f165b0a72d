"""Two real processes of one training, one of which ends before its time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from sracl_core.ground.console import guarded, prepare
from sracl_core.training.launch import train_together
prepare()
guarded(train_together)(2, "tests.training.doomed", sys.argv[1:])
"""
LOST = "error: process 1 of the 2 that train together lost the others: one of them ended."


def told_of(end: str) -> tuple[int, list[str]]:
    """The exit status of a training whose second process ends so, and what is said without the first one's loss."""
    done = subprocess.run(
        (sys.executable, "-c", PROGRAM, end),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    # Whether the first one hears of it before torchrun stops it is a matter of chance.
    return done.returncode, [line for line in done.stderr.splitlines() if line != LOST]


@pytest.mark.parametrize(
    ("end", "number", "why"),
    [
        ("SIGKILL", 9, "As a rule memory ran out: lower train.batch_size, the backbone's max_length or runtime."),
        ("SIGSEGV", 11, "Code in it that is not Python's crashed"),
        ("SIGINT", 2, "Someone interrupted it."),
        ("SIGTERM", 15, "Someone, or what manages this machine's jobs, told it to stop."),
    ],
)
def test_a_killed_process_is_told_in_a_line_with_what_fits_the_signal(end: str, number: int, why: str) -> None:
    status, lines = told_of(end)
    assert status == 128 + number
    assert len(lines) == 1, lines
    who = "one" if end == "SIGTERM" else "process 2"  # torchrun ends the others with that signal too
    assert lines[0].startswith(f"error: {who} of the 2 that train together was killed (signal {number}, {end})")
    assert f"the others were stopped. {why}" in lines[0] and ("memory" in lines[0]) == (end == "SIGKILL")


def test_an_error_of_one_process_is_told_once() -> None:
    assert told_of("error") == (1, ["error: the loss is no number."])
