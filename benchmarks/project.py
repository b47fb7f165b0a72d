"""What benchmarks of training share: the artifacts of a project, and a bare step."""

from pathlib import Path

from torch import Tensor

from sracl_core.artifacts import ITEMS, PREFIXES, SEQUENCES, read_table
from sracl_core.retrieval.embeddings import read_embeddings
from sracl_core.retrieval.neighbours import read_neighbours
from sracl_core.training.fit import TrainingInputs
from sracl_core.training.state import TrainingState


def read_inputs(data: Path) -> TrainingInputs:
    """Return what training reads from the folder `data` of a project, with its interim/ and artifacts/."""
    return TrainingInputs(
        sequences=read_table(data / "interim/sequences.parquet", SEQUENCES),
        n_items=read_table(data / "interim/items.parquet", ITEMS, columns=["item"]).num_rows,
        prefixes=read_table(data / "interim/prefixes.parquet", PREFIXES),
        item_pool=read_neighbours(data / "artifacts/item_pool.parquet"),
        user_pool=read_neighbours(data / "artifacts/user_pool.parquet"),
        embeddings=read_embeddings(data / "artifacts/user_embeddings.parquet")[1],
    )


def train_step(state: TrainingState, batch: Tensor) -> None:
    """Train one batch, without the bookkeeping of a real training."""
    losses = state.steps.losses(batch, state.backbone, state.objective)
    state.optimizer.zero_grad(set_to_none=True)
    losses.total(state.params.alpha, state.params.beta).backward()
    state.optimizer.step()
