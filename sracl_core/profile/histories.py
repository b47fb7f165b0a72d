"""The training histories that profiles are written from."""

from pathlib import Path

from sracl_core.artifacts.schemas import SEQUENCES
from sracl_core.artifacts.tables import read_table
from sracl_core.errors import ArtifactError
from sracl_core.ragged import Ragged


def training_histories(path: Path, n_items: int) -> Ragged:
    """Return the training part of each user, from the sequences at `path` over a catalogue of `n_items` items.

    Raises ArtifactError when they cannot be read, or hold an item that the catalogue does not know.
    """
    train = Ragged.from_column(read_table(path, SEQUENCES)["train"])
    wrong = train.values[(train.values < 1) | (train.values > n_items)]
    if len(wrong):
        raise ArtifactError(
            f"{path} holds item {wrong[0]}, but the catalogue beside it has items 1 to {n_items}: they are not of the "
            "same run. Run `dvc repro` to make both again."
        )
    return train
