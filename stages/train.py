"""Stage train: sequences and candidate pools → a trained backbone and its history."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from dvclive import Live

from sracl_core.artifacts import (
    ITEMS,
    PREFIXES,
    SEQUENCES,
    TRAINED_ON,
    read_table,
    write_table,
)
from sracl_core.device import pick_device
from sracl_core.leakage.certificate import require_clean
from sracl_core.model.store import save_backbone
from sracl_core.params.runtime import RuntimeParams
from sracl_core.params.section import read_section
from sracl_core.params.train import TrainParams
from sracl_core.retrieval.embeddings import read_embeddings
from sracl_core.training.fit import TrainingInputs, fit
from sracl_core.training.loop import Epoch
from stages.entry import PARAMS_FILE, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    sequences: Path = Path("data/interim/sequences.parquet"),
    items: Path = Path("data/interim/items.parquet"),
    prefixes: Path = Path("data/interim/prefixes.parquet"),
    item_pool: Path = Path("data/artifacts/item_pool.parquet"),
    user_pool: Path = Path("data/artifacts/user_pool.parquet"),
    user_embeddings: Path = Path("data/artifacts/user_embeddings.parquet"),
    certificate: Path = Path("data/artifacts/certificate_inputs.json"),
    weights: Path = Path("data/artifacts/model.safetensors"),
    description: Path = Path("data/artifacts/model.json"),
    trained_on: Path = Path("data/artifacts/trained_on.parquet"),
    history: Path = Path("data/artifacts/history"),
) -> None:
    """Train the backbone with both contrastive branches."""
    params = read_section(params_file, TrainParams)
    runtime = read_section(params_file, RuntimeParams)
    require_clean(certificate)
    inputs = TrainingInputs(
        sequences=read_table(sequences, SEQUENCES),
        n_items=read_table(items, ITEMS, columns=["item"]).num_rows,
        prefixes=read_table(prefixes, PREFIXES),
        item_pool=_neighbours(item_pool),
        user_pool=_neighbours(user_pool),
        embeddings=read_embeddings(user_embeddings)[1],
    )
    with Live(str(history), save_dvc_exp=False, dvcyaml=False, report=None) as live:

        def log(epoch: Epoch) -> None:
            for name, value in epoch.losses.items():
                live.log_metric(f"loss/{name}", value)
            for name, value in epoch.valid.items():
                live.log_metric(f"valid/{name}", value)
            live.next_step()

        result = fit(
            inputs,
            params,
            pick_device(runtime),
            tile_bytes=int(runtime.rank_tile_mb * 2**20),
            on_epoch=log,
        )
    best = result.model.best
    save_backbone(
        weights,
        description,
        name=params.backbone,
        backbone=result.backbone,
        state=result.model.state,
        training={"best_epoch": best.number, "epochs": result.model.epochs, "valid": best.valid},
    )
    held = pa.table({"user": np.arange(len(result.trained_on)), "items": result.trained_on.to_column()})
    read = [sequences, items, prefixes, item_pool, user_pool, user_embeddings]
    write_table(trained_on, held, TRAINED_ON, provenance("train", [params], read))
    watched = params.early_stop.metric
    print(f"train: best epoch {best.number} of {result.model.epochs}, valid {watched} {best.valid[watched]:.4f}")


def _neighbours(path: Path) -> np.ndarray:
    """The neighbours of a candidate pool, int64 [keys, k]."""
    table = read_table(path)
    return table["neighbour"].combine_chunks().flatten().to_numpy().reshape(len(table), -1)


if __name__ == "__main__":
    run(main)
