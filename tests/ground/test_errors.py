"""The tree of errors, and what a person sees of them."""

import subprocess
import sys
from pathlib import Path

from sracl_core.ground import errors


def test_one_root_and_the_tree_as_drawn() -> None:
    raised = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert all(issubclass(kind, errors.SraclError) for kind in raised)
    assert errors.__doc__ is not None
    assert [kind.__name__ for kind in raised if kind.__name__ not in errors.__doc__] == []


def stage(tmp_path: Path, body: str) -> subprocess.CompletedProcess[str]:
    imports = "from stages.entry import run\nfrom sracl_core.ground.errors import DataError"
    program = f"{imports}\ndef main():\n    {body}\nrun(main)\n"
    return subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=False)


def test_a_persons_mistake_ends_without_a_traceback(tmp_path: Path) -> None:
    done = stage(tmp_path, "raise DataError('x.csv, line 3: no user. Add one.')")
    assert (done.returncode, done.stderr) == (1, "error: x.csv, line 3: no user. Add one.\n")


def test_a_defect_keeps_its_traceback(tmp_path: Path) -> None:
    done = stage(tmp_path, "raise KeyError('defect')")
    assert done.returncode != 0
    assert "Traceback" in done.stderr
