"""Measure how an epoch grows with the work: users, length, items and k, each over two decades, all branches on.

    python benchmarks/growth.py                 # about 2 minutes on two cores
    python benchmarks/growth.py --device cuda

Data are generated. Of a long epoch the first steps are trained and the rest is reckoned from them. Each sweep is gone
through several times, turn about, and the fastest step of a point counts. Results go to benchmarks/results/growth.json,
the picture to docs/growth.svg; it needs matplotlib (`pip install -e '.[benchmarks]'`).
"""

import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from generated import generated_inputs
from machine import RESULTS_FOLDER, machine, versions
from switches import train_params

from sracl_core.device import pick_device
from sracl_core.documents import write_json
from sracl_core.params.runtime import RuntimeParams
from sracl_core.training.fit import begin_training
from stages.entry import run

RESULTS = RESULTS_FOLDER / "growth.json"
PICTURE = RESULTS_FOLDER.parent.parent / "docs" / "growth.svg"
# What each sweep varies, and the rest of the work, which stays.
MIDDLE = {"users": 1_000, "length": 10, "items": 2_000, "k": 10}
SWEEPS: dict[str, list[int]] = {
    "users": [500, 1_600, 5_000, 16_000, 50_000],
    "length": [3, 10, 30, 100, 300],
    "items": [1_000, 3_200, 10_000, 32_000, 100_000],
    "k": [1, 3, 10, 32, 100],
}
TURNS, STEPS = 3, 4


def main(device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto") -> None:
    """Measure the sweeps, print a table, write the results and the picture."""
    chosen = pick_device(RuntimeParams.model_validate({"device": device}))
    sweeps: dict[str, Any] = {}
    for name, sizes in SWEEPS.items():
        turns = [[epoch_seconds(MIDDLE | {name: size}, chosen) for size in sizes] for _ in range(TURNS)]
        seconds = [min(point) for point in zip(*turns, strict=True)]
        # The slope on logarithmic axes: 1 is proportional, 0 is no growth. The last is that of the largest sizes.
        slopes = np.diff(np.log(seconds)) / np.diff(np.log(sizes))
        sweeps[name] = {
            "sizes": sizes,
            "seconds_an_epoch": [round(one, 3) for one in seconds],
            "slope": round(float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0]), 2),
            "steepest": round(float(slopes.max()), 2),
        }
        print(f"{name:<8}" + "".join(f"{size:>9,}: {one:7.2f} s" for size, one in zip(sizes, seconds, strict=True)))
        print(f"{'':<8}slope {sweeps[name]['slope']}, steepest {sweeps[name]['steepest']}")
        gpu = torch.cuda.get_device_name() if chosen.type == "cuda" else None
        write_json(
            RESULTS, {"machine": machine(gpu), "versions": versions("torch"), "otherwise": MIDDLE, "sweeps": sweeps}
        )
    draw(sweeps, PICTURE)


def epoch_seconds(size: dict[str, int], device: torch.device) -> float:
    """Return the seconds of one epoch of this size: its steps times the fastest of the first few."""
    lengths = np.full(size["users"], size["length"] + 1)
    params = train_params({"model.max_length": max(size["length"], 2)})
    state = begin_training(generated_inputs(lengths, size["items"], size["k"]), params, device)
    state.backbone.train()
    fastest = float("inf")
    for batch in list(state.steps.batches(params.batch_size))[:STEPS]:
        if len(batch) < params.batch_size:
            continue  # the last batch is smaller
        started = time.monotonic()
        state.make_step(batch)
        if device.type == "cuda":
            torch.cuda.synchronize()
        fastest = min(fastest, time.monotonic() - started)
    return fastest * size["users"] / params.batch_size


def draw(sweeps: dict[str, Any], path: Path) -> None:
    """Draw the sweeps, one panel each, on logarithmic axes, beside the line of proportional growth."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "sracl", "font.size": 9})
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, len(sweeps), figsize=(12, 3), layout="constrained")
    for panel, (name, sweep) in zip(panels, sweeps.items(), strict=True):
        sizes, seconds = np.array(sweep["sizes"]), np.array(sweep["seconds_an_epoch"])
        panel.loglog(sizes, seconds, "o-", color="#1f5fa8", label="measured")
        panel.loglog(sizes, seconds[-1] * sizes / sizes[-1], "--", color="#999999", label="proportional")
        panel.set(title=f"{name} (slope {sweep['slope']})", xlabel=name)
        panel.grid(visible=True, which="major", alpha=0.3)
    panels[0].set_ylabel("seconds an epoch")
    panels[0].legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    run(main)
