"""Progress as a person sees it: a bar on a terminal, quiet lines in a log."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from sracl_core.progress import Progress, track

WORK = """
import time
from sracl_core import progress
progress.SECONDS_BETWEEN_LINES = 0.05
with progress.Progress("mining", 8, "prefixes") as shown:
    for step in range(4):
        time.sleep(0.06)
        shown.advance(2, note=f"loss {step}")
"""


def test_lines_where_there_is_no_terminal() -> None:
    done = subprocess.run((sys.executable, "-c", WORK), capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()
    assert done.stdout == ""
    assert len(lines) == 4
    assert lines[0].startswith("mining: 2/8 prefixes in 0 s, about 0 s left, loss 0")
    assert lines[-1].startswith("mining: 8/8 prefixes in 0 s")


@pytest.mark.parametrize("columns", [80, 0], ids=["of known width", "of unknown width"])
def test_a_bar_on_a_terminal(columns: int) -> None:
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24 if columns else 0, columns, 0, 0))
    with subprocess.Popen((sys.executable, "-c", WORK), stdout=subprocess.DEVNULL, stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                piece = os.read(controller, 4096)
            except OSError:  # Linux says so when the other end is closed
                break
            if not piece:
                break
            shown += piece
    os.close(controller)
    assert process.returncode == 0
    assert b"\r" in shown
    assert b"mining:" in shown
    assert b"loss" in shown
    assert b" s left" not in shown


def test_quick_work_stays_silent(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(range(1000), "quick")) == list(range(1000))
    assert capsys.readouterr() == ("", "")


def test_lines_without_a_known_total() -> None:
    with Progress("reading", None, "rows") as shown:
        shown.advance(3)
        assert shown._line(shown._started + 2) == "reading: 3 rows in 2 s"


def test_what_is_left_is_estimated() -> None:
    with Progress("reading", 4, "rows") as shown:
        shown.advance(1)
        assert shown._line(shown._started + 10) == "reading: 1/4 rows in 10 s, about 30 s left"
