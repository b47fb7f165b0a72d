"""How much longer each stage takes beside a job that keeps one core busy, as shipped and with OpenMP's own waiting.

`python benchmarks/busy.py` needs the finished sample project in `data/` and a machine that is quiet otherwise; it takes
about ten minutes. Quiet and busy runs take turns within one run, and the ratio is of their medians.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from machine import machine, versions

from sracl_core.documents import write_json

RESULTS = Path(__file__).parent / "results/busy.json"
STAGES = {
    "ingest": ["ingest"],
    "embed@item": ["embed", "item"],
    "index@user": ["index", "user"],
    "mine_users": ["mine_users"],
    "certify_inputs": ["certify_inputs"],
    "train": ["train"],
    "evaluate": ["evaluate"],
}
WAITING = {"as shipped": {}, "OpenMP's own": {"OMP_WAIT_POLICY": "active"}}
EPOCHS = 12  # of the sample's hundred: the start of a stage counts more than in a whole training


def main() -> None:
    """Time every stage, write the results as they come, and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3, help="quiet and busy runs of each stage")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES), help="which stages")
    options = parser.parse_args()
    rows: list[dict[str, object]] = []
    for name in options.stages:
        for waiting, environment in WAITING.items():
            quiet, busy = [], []
            for _ in range(options.turns):
                quiet.append(seconds_of(name, environment))
                with a_busy_core():
                    busy.append(seconds_of(name, environment))
            row = {"stage": name, "waiting": waiting, **compared(quiet, busy)}
            print(f"{name}, {waiting}: quiet {row['quiet']} s, busy {row['busy']} s, {row['ratio']} times", flush=True)
            rows.append(row)
            found = {"machine": machine(), "versions": versions("torch"), "turns": options.turns, "rows": rows}
            write_json(RESULTS, found)


def compared(quiet: list[float], busy: list[float]) -> dict[str, float]:
    """Return the medians of both in seconds, and their ratio."""
    medians = statistics.median(quiet), statistics.median(busy)
    return {
        "quiet": round(medians[0], 2),
        "busy": round(medians[1], 2),
        "ratio": round(medians[1] / medians[0], 2),
    }


def seconds_of(name: str, environment: dict[str, str]) -> float:
    """Run a stage on the sample as DVC does, into a folder that is thrown away, and return the seconds it took."""
    with tempfile.TemporaryDirectory() as folder:
        params = Path(folder) / "params.yaml"
        shipped = Path("params.yaml").read_text(encoding="utf-8")
        params.write_text(shipped.replace("max_epochs: 100 ", f"max_epochs: {EPOCHS} "), encoding="utf-8")
        command = [sys.executable, "-m", f"stages.{STAGES[name][0]}", *STAGES[name][1:], *outputs(name, Path(folder))]
        if name != "index@user":
            command += ["--params-file", str(params)]
        started = time.monotonic()
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{name} failed: {done.stderr}")
        return time.monotonic() - started


def outputs(name: str, folder: Path) -> list[str]:
    """The options that send what a stage writes to `folder`."""
    options = {
        "ingest": ("interactions", "items", "users", "sequences", "rejected", "summary"),
        "embed@item": ("embeddings",),
        "index@user": ("index",),
        "mine_users": ("pool",),
        "certify_inputs": ("certificate",),
        "train": ("weights", "description", "trained-on", "history"),
        "evaluate": ("ranks", "metrics", "slices", "record"),
    }
    return [word for option in options[name] for word in (f"--{option}", str(folder / option))]


@contextmanager
def a_busy_core() -> Iterator[None]:
    """Keep one core busy meanwhile."""
    with subprocess.Popen((sys.executable, "-c", "while True: pass")) as job:
        try:
            yield
        finally:
            job.kill()


if __name__ == "__main__":
    main()
