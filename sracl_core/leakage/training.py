"""What the trainer really held and what it made of it, against the interactions and the certified inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.seal import require_whole
from sracl_core.artifacts.tables import read_table
from sracl_core.leakage.model import check_model
from sracl_core.leakage.shared.certificate import INPUT_CHECKS, Check, Names, certificate, digests_of, require_clean
from sracl_core.leakage.shared.origins import check_origins, differences
from sracl_core.leakage.shared.split import Method, check_split
from sracl_core.model.description import ModelDescription, read_description
from sracl_core.params.train import TrainParams
from sracl_core.ragged import Ragged
from sracl_core.schemas.ingest import INTERACTIONS, ITEMS, SEQUENCES
from sracl_core.schemas.trained_on import TRAINED_ON


@dataclass(frozen=True)
class TrainingFiles:
    """What training leaves, and what it is held against; `read` are the other inputs that it read."""

    interactions: Path
    items: Path
    sequences: Path
    trained_on: Path
    weights: Path
    description: Path
    inputs_certificate: Path
    read: Sequence[Path]


def certify_training(files: TrainingFiles, method: Method, origin: Provenance, train: TrainParams) -> dict[str, Any]:
    """Return the certificate of what training consumed and made.

    `origin` is the provenance that its outputs must have, `train` says which backbone they must be of. The boundary is
    derived again from the interactions, so that this certificate stands on the raw order of events and on the clean
    certificate of the inputs. Raises LeakageError, naming check and rows, when anything held in training is no training
    interaction or another file than the certified ones was trained on, and ArtifactError for a missing or damaged file
    or weights that make no model.
    """
    made = [files.trained_on, files.weights, files.description]
    for path in (files.interactions, files.items, files.sequences, files.trained_on, *files.read):
        require_whole(path)  # a damaged file is named itself, not one that was made from it
    digests = digests_of([files.interactions, files.items, files.sequences, *made, files.inputs_certificate])
    require_clean(
        files.inputs_certificate,
        INPUT_CHECKS,
        [files.interactions, files.items, files.sequences, *files.read],
    )
    parts, n_items = read_table(files.sequences, SEQUENCES), len(read_table(files.items, ITEMS, columns=["item"]))
    described = read_description(files.description, files.weights)
    checks = [
        _check_origins(files, described, origin),
        check_split(read_table(files.interactions, INTERACTIONS), parts, method, Names()),
        check_trained_on(read_table(files.trained_on, TRAINED_ON), parts),
        check_model(files.weights, files.description, described, n_items, train),
    ]
    return certificate(checks, digests)


def check_trained_on(trained_on: pa.Table, sequences: pa.Table) -> Check:
    """Prove that what was held in training are the training parts of all users, each whole and in order.

    Tables in the schemas TRAINED_ON and SEQUENCES; the parts in `sequences` must be proven already.
    """
    user, held = trained_on["user"].to_numpy().astype(np.int64), Ragged.from_column(trained_on["items"])
    train = Ragged.from_column(sequences["train"])
    what = "the items held in training are the training part of each user, whole and in order, of all users."
    check = Check("training sequences", len(held.values), what, made_by="train")
    unknown = (user < 0) | (user >= len(train))
    check.require_none(unknown, "users that the sequences don't know", lambda row: f"user {user[row]}")
    order = np.sort(user)
    repeated = np.append(False, order[1:] == order[:-1])
    check.require_none(repeated, "users that were held more than once", lambda row: f"user {order[row]}")
    missing = np.setdiff1d(np.arange(len(train)), user)
    if len(missing):
        check.refuse("users that were not held", [f"user {one}" for one in missing[:5].tolist()], len(missing))
    check.require_none(
        user != np.arange(len(user)), "users out of their order", lambda row: f"row {row}: user {user[row]}"
    )
    held_out = [Ragged.from_column(sequences[part]) for part in ("valid", "test")]

    def tell(row: int) -> str:
        own = [part[row].tolist() for part in (train, *held_out)]
        return f"user {row}: held {held[row].tolist()}; train {own[0]}, valid {own[1]}, test {own[2]}"

    check.require_none(
        held.lengths != train.lengths, "another number of items was held than the training part has", tell
    )
    differing = np.repeat(np.arange(len(user)), held.lengths)[held.values != train.values]
    check.require_none(
        np.isin(np.arange(len(user)), differing), "items were held that are not the user's training items", tell
    )
    return check


def _check_origins(files: TrainingFiles, described: ModelDescription, origin: Provenance) -> Check:
    check = check_origins({files.trained_on: origin}, "training origins")
    if said := differences(described.provenance, origin):
        check.refuse("the model does not come from what is beside it", [f"model: {'; '.join(said)}"], 1)
    return check
