"""How many threads the libraries of a stage start, and how those wait for one another.

OpenMP's threads spin while they wait, as a rule: on a core that another job wants too, that holds up both. Waiting
passively costs little where a machine is quiet and saves much where it is not (`benchmarks/busy.py`).
"""

import os

from sracl_core.ground.machine import usable_cores

COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")  # MKL takes the first too

# Rounds that GNU's threads look for work before they sleep: some ten microseconds, as long as they wait within a step.
SHORT_SPIN = "200"


def prepare_threads() -> None:
    """Set the environment for as many threads as there are cores for this process, and for waiting passively.

    Libraries read it when they are loaded, so that this comes before any of them is imported. What is set already
    stays.
    """
    count = os.environ.get(COUNTS[0], str(usable_cores()))
    for name in COUNTS:
        os.environ.setdefault(name, count)
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "passive"
        os.environ.setdefault("GOMP_SPINCOUNT", SHORT_SPIN)


def share_threads(processes: int) -> None:
    """Let each of `processes` that this one will start have its share of the cores."""
    for name in COUNTS:
        os.environ[name] = str(max(1, usable_cores() // processes))
