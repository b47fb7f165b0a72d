"""What benchmarks of training share: the artifacts of a project, a bare step, and what is kept of a run."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from generated import beauty_sized
from machine import machine, versions

from sracl_core.artifacts.tables import list_size, read_table
from sracl_core.batching.inputs import TrainingInputs
from sracl_core.documents import read_json, write_json
from sracl_core.retrieval.reading.neighbours import read_neighbours
from sracl_core.schemas.ingest import ITEMS, SEQUENCES
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.vectors import read_embeddings


def read_inputs(data: Path) -> TrainingInputs:
    """Return what training reads from the folder `data` of a project, with its interim/ and artifacts/."""
    sequences = read_table(data / "interim/sequences.parquet", SEQUENCES)
    n_items = read_table(data / "interim/items.parquet", ITEMS, columns=["item"]).num_rows
    prefixes = read_table(data / "interim/prefixes.parquet", PREFIXES)
    return TrainingInputs(
        sequences=sequences,
        n_items=n_items,
        prefixes=prefixes,
        item_pool=_pools(data / "artifacts/item_pool.parquet", np.arange(1, n_items + 1)),
        user_pool=_pools(data / "artifacts/user_pool.parquet", np.arange(len(prefixes))),
        embeddings=read_embeddings(data / "artifacts/user_embeddings.parquet")[1],
        text_vectors=read_embeddings(data / "artifacts/item_embeddings.parquet")[1],
    )


def _pools(path: Path, keys: np.ndarray) -> np.ndarray:
    return read_neighbours(path, keys, list_size(path, "neighbour"))


def chosen_inputs(data: Path, generated: bool) -> tuple[str, TrainingInputs]:
    """Return how results name the data, and the data: those of the project, or generated ones of Beauty's size."""
    if generated:
        return "generated, of Beauty's size", beauty_sized()
    inputs = read_inputs(data)
    return f"{len(inputs.sequences):,} users, {inputs.n_items:,} items", inputs


def keep_run(results: Path, data: str, device: torch.device, found: dict[str, Any]) -> None:
    """Write what a run has found to `results`, beside the newest of every other data and device."""
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    run = {"data": data, "device": device.type, "machine": machine(gpu), "versions": versions("torch"), **found}
    earlier: list[dict[str, Any]] = read_json(results)["runs"] if results.exists() else []
    others = [one for one in earlier if (one["data"], one["device"]) != (data, device.type)]
    write_json(results, {"runs": sorted([*others, run], key=lambda one: (one["data"], one["device"]))})
