"""The environment of a stage: threads for the cores there are, set before a library reads it."""

import os
import subprocess
import sys
from pathlib import Path

from sracl_core.ground.machine import usable_cores

ROOT = Path(__file__).resolve().parents[2]
SHOW = """
import stages, os, sys
assert not {"torch", "numpy", "faiss"} & set(sys.modules)
import torch
print(os.environ["OMP_WAIT_POLICY"], os.environ["OPENBLAS_NUM_THREADS"], torch.get_num_threads())
"""


def shown(before: str = "", **environment: str) -> list[str]:
    kept = {name: value for name, value in os.environ.items() if not name.endswith(("_NUM_THREADS", "_POLICY"))}
    done = subprocess.run(
        (sys.executable, "-c", before + SHOW),
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_threads_wait_passively_and_number_the_cores() -> None:
    assert shown() == ["passive", str(usable_cores()), str(usable_cores())]


def test_a_process_bound_to_one_core_starts_one_thread() -> None:
    assert shown("import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n") == ["passive", "1", "1"]


def test_what_is_set_already_stays() -> None:
    assert shown(OMP_WAIT_POLICY="active", OPENBLAS_NUM_THREADS="3", OMP_NUM_THREADS="1") == ["active", "3", "1"]
