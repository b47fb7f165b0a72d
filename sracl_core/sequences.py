"""The sequences of the users, held against the items of the catalogue or the model beside them."""

from pathlib import Path

import pyarrow as pa

from sracl_core.artifacts.tables import read_provenance, read_table
from sracl_core.ground.errors import ArtifactError
from sracl_core.ragged import Ragged
from sracl_core.schemas.ingest import SEQUENCES

PARTS = ("train", "valid", "test")


def read_training_part(path: Path, items: Path, n_items: int) -> Ragged:
    """Return the training items of each user, from the sequences at `path`; `items` has the `n_items` items.

    Raises ArtifactError when they cannot be read, are not of the same run as `items`, or hold an item beyond them.
    """
    if read_provenance(path) != read_provenance(items):
        raise ArtifactError(
            f"{path} and {items} are not of the same run: other parameters or raw files made one of them. Run `dvc "
            "repro` to make both again."
        )
    sequences = read_table(path, SEQUENCES)
    require_known_items(sequences, n_items)
    return Ragged.from_column(sequences["train"])


def require_known_items(sequences: pa.Table, n_items: int) -> None:
    """Raise ArtifactError when `sequences` (schema SEQUENCES) hold anything but the items 1 to `n_items`."""
    for part in PARTS:
        items = Ragged.from_column(sequences[part]).values
        unknown = items[(items < 1) | (items > n_items)]
        if len(unknown):
            raise ArtifactError(
                f"The sequences hold item {unknown[0]} ({part} part), but the catalogue or the model beside them knows "
                f"items 1 to {n_items}: they are not of the same run. Run `dvc repro` to make them again."
            )
