"""What the trainer really held, against the interactions."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sracl_core.artifacts.schemas import INTERACTIONS, SEQUENCES, TRAINED_ON
from sracl_core.artifacts.tables import read_table
from sracl_core.leakage.certificate import Check, Names, certificate, require_clean
from sracl_core.leakage.split import Method, check_split
from sracl_core.ragged import Ragged


def certify_training(
    interactions: Path, sequences: Path, trained_on: Path, inputs_certificate: Path, method: Method
) -> dict[str, Any]:
    """Return the certificate of what training consumed.

    The boundary is derived again from `interactions`, so that this certificate stands on the raw order of events and
    on the clean certificate of the inputs. Raises LeakageError, naming check and rows, when anything held in training
    is no training interaction, and ArtifactError for a missing or damaged file.
    """
    require_clean(inputs_certificate)
    parts = read_table(sequences, SEQUENCES)
    split = check_split(read_table(interactions, INTERACTIONS), parts, method, Names())
    return certificate([split, check_trained_on(read_table(trained_on, TRAINED_ON), parts)])


def check_trained_on(trained_on: pa.Table, sequences: pa.Table) -> Check:
    """Prove that the items held in training are, for each user, the last items of the training part, or all of them.

    Tables in the schemas TRAINED_ON and SEQUENCES; the parts in `sequences` must be proven already.
    """
    user, held = trained_on["user"].to_numpy().astype(np.int64), Ragged.from_column(trained_on["items"])
    train = Ragged.from_column(sequences["train"])
    what = "the items held in training are each user's training items, all or the most recent of them, in order."
    check = Check("training sequences", len(held.values), what, made_by="train")
    if not len(held.values):
        check.refuse("the trainer held no item at all, so nothing is proven", [], 1)
    unknown = (user < 0) | (user >= len(train))
    check.require_none(unknown, "users that the sequences don't know", lambda row: f"user {user[row]}")
    order = np.sort(user)
    repeated = np.append(False, order[1:] == order[:-1])
    check.require_none(repeated, "users that were held more than once", lambda row: f"user {order[row]}")
    held_out = [Ragged.from_column(sequences[part]) for part in ("valid", "test")]

    def tell(row: int) -> str:
        own = [part[int(user[row])].tolist() for part in (train, *held_out)]
        return f"user {user[row]}: held {held[row].tolist()}; train {own[0]}, valid {own[1]}, test {own[2]}"

    check.require_none(held.lengths > train.lengths[user], "more items were held than the training part has", tell)
    within = np.arange(len(held.values)) - np.repeat(held.offsets[:-1], held.lengths)
    first = train.offsets[user + 1] - held.lengths  # [rows] where the suffix of that length begins
    expected = train.values[np.repeat(first, held.lengths) + within]
    differing = np.repeat(np.arange(len(user)), held.lengths)[held.values != expected]
    check.require_none(
        np.isin(np.arange(len(user)), differing), "items were held that are not the user's last training items", tell
    )
    return check
