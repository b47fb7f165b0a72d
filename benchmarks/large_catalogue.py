"""Measure a training step over a large catalogue: seconds and peak memory, both contrastive branches on.

    python benchmarks/large_catalogue.py                    # 1 million items, length 50, d 64, batch 256
    python benchmarks/large_catalogue.py --items 100000
    python benchmarks/large_catalogue.py --loss sampled_softmax  # of the recommendation, as shipped
    python benchmarks/large_catalogue.py --objective plain       # without the branches

The steps run in a process of their own, whose whole memory is counted: Python, torch, weights, gradients and Adam's
moments too. Results go to benchmarks/results/large_catalogue.json.
"""

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer
from generated import generated_inputs
from machine import RESULTS_FOLDER, machine, versions
from switches import train_params

from sracl_core.device import pick_device
from sracl_core.documents import read_json, write_json
from sracl_core.model.backbones.sasrec import SASRecParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.training.fit import begin_training
from stages.entry import run

RESULTS = RESULTS_FOLDER / "large_catalogue.json"
LENGTH, K = 50, 10
STEPS = 3  # from the second on Adam's moments are there
NAMES = ("items", "batch", "loss", "objective")


def main(
    *,
    items: Annotated[int, typer.Option(help="items in the catalogue")] = 1_000_000,
    batch: Annotated[int, typer.Option(help="users a step, each with a full window")] = 256,
    threads: Annotated[int, typer.Option(help="CPU threads")] = 2,
    loss: Annotated[str, typer.Option(help="recommendation loss")] = "softmax",
    objective: Annotated[str, typer.Option(help="sracl, or plain: the backbone alone")] = "sracl",
    into: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Train a few steps in a process of their own, print a table, write the results."""
    if into is not None:
        write_json(into, {"seconds": train_steps(items, batch, threads, {"loss": loss, "objective": objective})})
        return
    with TemporaryDirectory() as folder:
        found = Path(folder) / "seconds.json"
        options = [f"--items={items}", f"--batch={batch}", f"--threads={threads}", f"--into={found}"]
        options += [f"--loss={loss}", f"--objective={objective}"]
        process = os.posix_spawn(sys.executable, [sys.executable, __file__, *options], os.environ)
        _, status, usage = os.wait4(process, 0)
        if status:
            raise SystemExit(f"training with {items} items failed")
        seconds = read_json(found)["seconds"]
    row: dict[str, Any] = {"items": items, "batch": batch, "loss": loss, "objective": objective, "threads": threads}
    row["seconds_a_step"] = [round(s, 2) for s in seconds]
    row["peak_rss_bytes"] = usage.ru_maxrss * 1024
    print(f"{'items':>10} {'batch':>6} {'length':>7} {'d':>4} {'threads':>8} {'s a step':>9} {'peak RSS':>12}")
    print(
        f"{items:>10,} {batch:>6} {LENGTH:>7} {SASRecParams().hidden:>4} {threads:>8} {seconds[-1]:>9.2f} "
        f"{row['peak_rss_bytes'] / 2**30:>6.2f} GiB"
    )
    earlier: list[dict[str, Any]] = read_json(RESULTS)["rows"] if RESULTS.exists() else []
    others = [other for other in earlier if any(other[name] != row[name] for name in NAMES)]
    write_json(
        RESULTS,
        {
            "machine": machine(),
            "versions": versions("torch"),
            "length": LENGTH,
            "model": SASRecParams(max_length=LENGTH).model_dump(),
            "rows": sorted([*others, row], key=lambda each: [each[name] for name in NAMES]),
        },
    )


def train_steps(items: int, batch: int, threads: int, chosen: dict[str, str]) -> list[float]:
    """Return the seconds of each of STEPS steps with random users, pools and embeddings."""
    device = pick_device(RuntimeParams(device="cpu", threads=threads))
    params = train_params({"batch_size": batch, "model.max_length": LENGTH, **chosen})
    state = begin_training(generated_inputs(np.full(batch, LENGTH + 1), items, K), params, device)
    seconds = []
    for _ in range(STEPS):
        started = time.monotonic()
        for lasts in state.steps.batches(batch):
            state.make_step(lasts)
        seconds.append(time.monotonic() - started)
    return seconds


if __name__ == "__main__":
    run(main)
