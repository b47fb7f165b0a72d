"""Measure an epoch of training in every mode: on a project's own artifacts, or on data as large as Amazon Beauty.

    python benchmarks/epochs.py                          # after `dvc repro`, on data/
    python benchmarks/epochs.py --data OTHER/data --turns 3
    python benchmarks/epochs.py --generated --device cuda

Each row trains whole epochs from a fresh model, turn about with the others in one run; the first epoch of a row warms
up and is not counted, the median of the rest is. Results go to benchmarks/results/epochs.json, the newest of each
data set and device.
"""

import time
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from machine import RESULTS_FOLDER
from project import chosen_inputs, keep_run
from switches import train_params

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.device import pick_device
from sracl_core.params.runtime import RuntimeParams
from sracl_core.params.train import TrainParams
from sracl_core.ragged import Ragged
from sracl_core.training.fit import begin_training
from stages.entry import run

RESULTS = RESULTS_FOLDER / "epochs.json"
# What is trained: the authors' code has prefixes, length 20 and batches of 256.
ROWS: dict[str, dict[str, Any]] = {
    "causal, plain": {"alpha": 0.0, "beta": 0.0},
    "causal, inter": {"beta": 0.0},
    "causal, intra": {"alpha": 0.0},
    "causal, both": {},
    "causal, both (batch 1,024)": {"batch_size": 1024},
    **{f"causal, {rival}": {"objective": rival} for rival in ("cl4srec", "duorec", "icsrec", "mclrec")},
    "prefix, both (length 20, batch 256)": {
        "mode": "prefix",
        "batch_size": 256,
        "model.max_length": 20,
    },
}


def main(
    data: Annotated[Path, typer.Option(help="the folder with interim/ and artifacts/")] = Path("data"),
    generated: Annotated[bool, typer.Option(help="take generated data of Beauty's size instead")] = False,
    turns: Annotated[int, typer.Option(help="epochs counted of each row")] = 3,
    only: Annotated[str, typer.Option(help="rows whose name begins so")] = "",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
) -> None:
    """Train, print a table, write the results."""
    chosen = pick_device(RuntimeParams.model_validate({"device": device}))
    name, inputs = chosen_inputs(data, generated)
    seconds: dict[str, list[float]] = {row: [] for row in ROWS if row.startswith(only)}
    for turn in range(turns + 1):
        for row, taken in seconds.items():
            one = epoch(train_params(ROWS[row]), inputs, chosen)
            if turn:
                taken.append(one)
    train = Ragged.from_column(inputs.sequences["train"])
    for row, taken in seconds.items():
        print(f"{row:<40}{sorted(taken)[len(taken) // 2]:8.2f} s  ({min(taken):.2f} to {max(taken):.2f})")
    found = {
        "training_interactions": len(train.values),
        "epochs_counted": turns,
        "seconds_an_epoch": {row: [round(one, 3) for one in sorted(taken)] for row, taken in seconds.items()},
    }
    keep_run(RESULTS, name, chosen, found)


def epoch(params: TrainParams, inputs: TrainingInputs, device: torch.device) -> float:
    """Return the seconds of one epoch from a fresh model."""
    state = begin_training(inputs, params, device)
    if device.type == "cuda":
        torch.cuda.synchronize()
    started = time.monotonic()
    state.begin_epoch()
    for batch in state.steps.batches(params.batch_size):
        state.make_step(batch)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.monotonic() - started


if __name__ == "__main__":
    run(main)
