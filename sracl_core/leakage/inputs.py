"""The certificate of everything training is given: the split, contexts, prefixes, prompts, embeddings and pools."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sracl_core.artifacts.schemas import (
    CONTEXTS,
    INTERACTIONS,
    ITEMS,
    PREFIXES,
    PROFILES,
    SEQUENCES,
    USERS,
    embeddings_schema,
    pool_schema,
)
from sracl_core.artifacts.tables import list_size, read_batches, read_table
from sracl_core.ingest.allowed import allowed_attributes
from sracl_core.leakage.attributes import check_attributes
from sracl_core.leakage.certificate import Check, Names, certificate
from sracl_core.leakage.neighbours import ROWS_AT_ONCE, check_embeddings, check_pool
from sracl_core.leakage.prompts import check_contexts, check_prefixes, check_prompts
from sracl_core.leakage.split import Method, check_split, check_user_counts
from sracl_core.params.data import DataParams
from sracl_core.params.profile import ItemProfileParams, UserProfileParams
from sracl_core.params.retrieval import MineParams
from sracl_core.profile.requests import item_requests, user_requests
from sracl_core.ragged import Ragged


@dataclass(frozen=True)
class InputFiles:
    """The Parquet artifacts that stand between the raw logs and training."""

    interactions: Path
    items: Path
    users: Path
    sequences: Path
    item_contexts: Path
    prefixes: Path
    item_profiles: Path
    user_profiles: Path
    item_embeddings: Path
    user_embeddings: Path
    item_pool: Path
    user_pool: Path


def certify_inputs(
    files: InputFiles,
    method: Method,
    item_params: ItemProfileParams,
    user_params: UserProfileParams,
    mine: MineParams,
    *,
    data: DataParams,
) -> dict[str, Any]:
    """Return the certificate of the inputs of training, which `data` says the source of.

    Each check stands on those before it: the split on the interactions, contexts and prefixes on the split, prompts on
    these, pools on the prefixes. Raises LeakageError, naming check and rows, at the first that does not hold, and
    ArtifactError for a missing or damaged file.
    """
    items, users = read_table(files.items, ITEMS), read_table(files.users, USERS)
    contexts, prefixes = read_table(files.item_contexts, CONTEXTS), read_table(files.prefixes, PREFIXES)
    sequences = read_table(files.sequences, SEQUENCES)
    names = Names(users["user_id"], items["item_id"])
    item_keys, prefix_keys = np.arange(1, len(items) + 1), np.arange(len(prefixes))
    prefix_users = prefixes["user"].to_numpy() if mine.exclude_same_user else None
    checks = [
        check_split(read_table(files.interactions, INTERACTIONS), sequences, method, names),
        check_user_counts(users, sequences, names),
        check_attributes(items, allowed_attributes(data), data.source),
    ]
    # From here on nothing but the proven training part is looked at.
    train = Ragged.from_column(sequences["train"])
    checks += [check_items(items, train), check_contexts(contexts, train, names)]
    checks += [check_prefixes(prefixes, train, names)]
    requests = {
        "item": item_requests(items, contexts, train, item_params),
        "user": user_requests(items, prefixes, train, user_params),
    }
    for kind, profiles_file, embeddings_file, pool_file, keys, own in (
        ("item", files.item_profiles, files.item_embeddings, files.item_pool, item_keys, None),
        ("user", files.user_profiles, files.user_embeddings, files.user_pool, prefix_keys, prefix_users),
    ):
        profiles = read_table(profiles_file, PROFILES, columns=["key", "request_sha256"])
        checks += [
            check_prompts(kind, profiles, requests[kind]),
            check_embeddings(kind, _embedding_batches(embeddings_file), profiles["key"].to_numpy()),
            check_pool(kind, _read_pool(pool_file), keys, own, mine.k),
        ]
    return certificate(checks)


def check_items(items: pa.Table, train: Ragged) -> Check:
    """Prove that items are numbered 1, 2, 3, … and that training holds no other (schema ITEMS)."""
    numbers = items["item"].to_numpy()
    what = "items are numbered 1, 2, 3, … in the catalogue, and the training part holds no other."
    check = Check("items", len(numbers), what, made_by="ingest")
    check.require_none(
        numbers != np.arange(1, len(numbers) + 1),
        "the items are not numbered",
        lambda row: f"row {row}: {numbers[row]}",
    )
    unknown = (train.values < 1) | (train.values > len(numbers))
    check.require_none(unknown, "the training part holds unknown items", lambda row: f"item {train.values[row]}")
    return check


def _embedding_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The rows of an embeddings file, some at a time: they are the largest artifact by far."""
    return read_batches(path, embeddings_schema(list_size(path, "embedding")), ROWS_AT_ONCE // 4)


def _read_pool(path: Path) -> pa.Table:
    return read_table(path, pool_schema(list_size(path, "neighbour")))
