"""Measure an epoch of training on a project's own artifacts, in every mode.

    python benchmarks/epochs.py                          # after `dvc repro`, on data/
    python benchmarks/epochs.py --data OTHER/data --turns 3

Each row trains whole epochs from a fresh model, turn about with the others in one run; the first epoch of a row warms
up and is not counted, the median of the rest is. Results go to benchmarks/results/epochs.json.
"""

import os
import platform
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from ingest import cpu_model

from sracl_core.artifacts import ITEMS, PREFIXES, SEQUENCES, read_table, write_json
from sracl_core.device import pick_device
from sracl_core.model.backbone import build_backbone
from sracl_core.model.objectives.sracl import SRACL
from sracl_core.params.runtime import RuntimeParams
from sracl_core.params.train import ModelParams, TrainParams
from sracl_core.prefixes import PrefixTable
from sracl_core.ragged import Ragged
from sracl_core.retrieval.embeddings import read_embeddings
from sracl_core.training.data import Semantics, Sequences, load_semantics
from sracl_core.training.samples import MODES
from sracl_core.training.steps import Steps

RESULTS = Path(__file__).resolve().parent / "results" / "epochs.json"
# What is trained: the authors' code has prefixes, length 20 and batches of 256.
ROWS: dict[str, dict[str, Any]] = {
    "causal, plain": {"alpha": 0.0, "beta": 0.0},
    "causal, inter": {"beta": 0.0},
    "causal, intra": {"alpha": 0.0},
    "causal, both": {},
    "prefix, both (length 20, batch 256)": {
        "mode": "prefix",
        "batch_size": 256,
        "model": ModelParams(max_length=20),
    },
}


def main(
    data: Annotated[Path, typer.Option(help="the folder with interim/ and artifacts/")] = Path("data"),
    turns: Annotated[int, typer.Option(help="epochs counted of each row")] = 3,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    threads: Annotated[int | None, typer.Option(help="CPU threads")] = None,
) -> None:
    """Train, print a table, write the results."""
    chosen = pick_device(RuntimeParams.model_validate({"device": device, "threads": threads}))
    train = Ragged.from_column(read_table(data / "interim/sequences.parquet", SEQUENCES)["train"])
    n_items = read_table(data / "interim/items.parquet", ITEMS, columns=["item"]).num_rows
    prefixes = PrefixTable.from_table(read_table(data / "interim/prefixes.parquet", PREFIXES), len(train))
    pools = [neighbours(data / f"artifacts/{kind}_pool.parquet") for kind in ("item", "user")]
    embeddings = read_embeddings(data / "artifacts/user_embeddings.parquet")[1]
    semantics = load_semantics(train, prefixes, *pools, embeddings).to(chosen)
    sequences = Sequences.from_ragged(train, chosen)
    seconds: dict[str, list[float]] = {name: [] for name in ROWS}
    for turn in range(turns + 1):
        for name, changes in ROWS.items():
            taken = epoch(TrainParams.model_validate(changes), n_items, sequences, semantics)
            if turn:
                seconds[name].append(taken)
    rows = {name: sorted(taken)[len(taken) // 2] for name, taken in seconds.items()}
    for name, taken_ in rows.items():
        print(f"{name:<40}{taken_:8.2f} s")
    gpu = torch.cuda.get_device_name() if chosen.type == "cuda" else None
    write_json(
        RESULTS,
        {
            "machine": {"cpu": cpu_model(), "cores": os.cpu_count(), "gpu": gpu},
            "versions": {"python": platform.python_version(), "torch": torch.__version__},
            "users": len(train),
            "items": n_items,
            "interactions": len(train.values),
            "epochs_counted": turns,
            "seconds_an_epoch": {name: round(taken_, 3) for name, taken_ in rows.items()},
        },
    )


def epoch(params: TrainParams, n_items: int, sequences: Sequences, semantics: Semantics) -> float:
    """Return the seconds of one epoch from a fresh model."""
    device = sequences.items.device
    torch.manual_seed(params.seed)
    backbone = build_backbone(params.backbone, n_items, params.model).to(device)
    objective = SRACL(params, semantics.embeddings.shape[1]).to(device)
    contrast = params.alpha > 0 or params.beta > 0
    samples = MODES[params.mode](sequences, params.model.max_length)
    steps = Steps(sequences, semantics if contrast else None, samples, params)
    optimizer = torch.optim.Adam([*backbone.parameters(), *objective.parameters()], fused=True)
    backbone.train()
    objective.train()
    started = time.monotonic()
    steps.begin_epoch(backbone)
    for batch in steps.batches(params.batch_size):
        optimizer.zero_grad(set_to_none=True)
        steps.losses(batch, backbone, objective).total(params.alpha, params.beta).backward()
        optimizer.step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.monotonic() - started


def neighbours(path: Path) -> np.ndarray:
    """The neighbours of a candidate pool, int64 [keys, k]."""
    table = read_table(path)
    return table["neighbour"].combine_chunks().flatten().to_numpy().reshape(len(table), -1)


if __name__ == "__main__":
    typer.run(main)
