"""Stage train: sequences and candidate pools → a trained backbone and its history."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
from dvclive import Live

from sracl_core.artifacts.tables import read_table, write_table
from sracl_core.batching.group import open_group
from sracl_core.batching.inputs import TrainingInputs
from sracl_core.device import pick_device
from sracl_core.ground.console import say
from sracl_core.ground.errors import StorageError
from sracl_core.ground.full_disk import told_when_full
from sracl_core.ground.root import project_root
from sracl_core.leakage.shared.certificate import INPUT_CHECKS, require_clean
from sracl_core.model.store import save_backbone
from sracl_core.params.mine import MineParams
from sracl_core.params.reading.section import read_section
from sracl_core.params.runtime import RuntimeParams
from sracl_core.params.train import TrainParams
from sracl_core.retrieval.reading.files import RetrievalFiles, needed_files
from sracl_core.retrieval.reading.needed import read_needed
from sracl_core.schemas.ingest import ITEMS, SEQUENCES
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.schemas.trained_on import TRAINED_ON
from sracl_core.training.durability.checkpoints import open_checkpoints
from sracl_core.training.durability.identity import code_files, training_identity
from sracl_core.training.epoch import Epoch
from sracl_core.training.fit import fit
from sracl_core.training.launch import train_together
from stages.entry import PARAMS_FILE, In, Kept, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    sequences: In = Path("data/interim/sequences.parquet"),
    items: In = Path("data/interim/items.parquet"),
    prefixes: In = Path("data/interim/prefixes.parquet"),
    item_pool: In = Path("data/artifacts/item_pool.parquet"),
    user_pool: In = Path("data/artifacts/user_pool.parquet"),
    user_embeddings: In = Path("data/artifacts/user_embeddings.parquet"),
    item_embeddings: In = Path("data/artifacts/item_embeddings.parquet"),
    certificate: In = Path("data/artifacts/certificate_inputs.json"),
    weights: Out = Path("data/artifacts/model.safetensors"),
    description: Out = Path("data/artifacts/model.json"),
    trained_on: Out = Path("data/artifacts/trained_on.parquet"),
    history: Annotated[Out, Kept(drawn={"plots/metrics": {"x": "step"}})] = Path("data/artifacts/history"),
) -> None:
    """Train the backbone with the objective."""
    params, mine = read_section(params_file, TrainParams), read_section(params_file, MineParams)
    runtime = read_section(params_file, RuntimeParams)
    if runtime.processes > 1 and "RANK" not in os.environ:
        train_together(runtime.processes, "stages.train", sys.argv[1:])
        return
    files = RetrievalFiles(item_pool, user_pool, user_embeddings, item_embeddings)
    require_clean(certificate, INPUT_CHECKS, [sequences, items, prefixes, *needed_files(files, params.needs)])
    n_items = read_table(items, ITEMS, columns=["item"]).num_rows
    listed = read_table(prefixes, PREFIXES)
    needed = read_needed(files, n_items, listed["user"].to_numpy(), params.needs, mine)
    inputs = TrainingInputs(
        sequences=read_table(sequences, SEQUENCES),
        n_items=n_items,
        prefixes=listed,
        item_pool=needed.item_pool,
        user_pool=needed.user_pool,
        embeddings=needed.embeddings,
        text_vectors=needed.text_vectors,
    )
    origin = provenance("train", [params], [sequences, items, prefixes, *needed.read], *params.parts)
    device = pick_device(runtime)
    seconds = 60 * runtime.checkpoint_minutes
    with ExitStack() as stack:
        group = stack.enter_context(open_group(device))
        # No output of the stage, since DVC removes those before it runs.
        key = training_identity(origin, device.type, group.size, [*code_files(), Path(__file__)])
        folder = project_root() / ".sracl/checkpoints" / key
        checkpoints = stack.enter_context(open_checkpoints(folder, seconds, writes=group.leads))
        log = stack.enter_context(_written_to(history)) if group.leads else lambda epoch: None
        result = fit(
            inputs,
            params,
            device,
            tile_bytes=int(runtime.rank_tile_mb * 1e6),
            on_epoch=log,
            checkpoints=checkpoints,
            group=group,
        )
        if not group.leads:
            return
        best = result.model.best
        save_backbone(
            weights,
            description,
            name=params.backbone_part,
            backbone=result.backbone,
            state=result.model.state,
            provenance=origin,
            training={"best_epoch": best.number, "epochs": result.model.epochs, "valid": best.valid},
        )
        held = pa.table({"user": np.arange(len(result.trained_on)), "items": result.trained_on.to_column()})
        write_table(trained_on, held, TRAINED_ON, origin)
        if checkpoints is not None:
            checkpoints.clear()
    watched = params.early_stop.metric
    say(f"train: best epoch {best.number} of {result.model.epochs}, valid {watched} {best.valid[watched]:.4f}")


@contextmanager
def _written_to(history: Path) -> Iterator[Callable[[Epoch], None]]:
    """Yield what adds an epoch to the files in `history`, of which a full disk leaves none.

    The first epoch empties `history`, so that a training that can't begin leaves it as it was.
    """
    opened: list[Live] = []

    def log(epoch: Epoch) -> None:
        with told_when_full(history):
            if not opened:
                opened.append(Live(str(history), save_dvc_exp=False, dvcyaml=False, report=None))
            [live] = opened
            for name, value in epoch.losses.items():
                live.log_metric(f"loss/{name}", value)
            for name, value in epoch.valid.items():
                live.log_metric(f"valid/{name}", value)
            live.next_step()

    try:
        yield log
        with told_when_full(history):
            for live in opened:
                live.end()
    except BaseException as error:
        with suppress(OSError):
            for live in opened:
                live.end()
        if isinstance(error, StorageError):
            shutil.rmtree(history, ignore_errors=True)
        raise


if __name__ == "__main__":
    run(main)
