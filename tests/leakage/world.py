"""A small, clean set of all artifacts, made with the real parts, in which a test can plant a leak."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.schemas import (
    INTERACTIONS,
    ITEMS,
    PROFILES,
    SEQUENCES,
    TRAINED_ON,
    USERS,
    embeddings_schema,
    pool_schema,
)
from sracl_core.artifacts.tables import write_table
from sracl_core.errors import LeakageError
from sracl_core.leakage.inputs import InputFiles, certify_inputs
from sracl_core.leakage.split import Method
from sracl_core.params.data import DataParams
from sracl_core.params.profile import ItemProfileParams, UserProfileParams
from sracl_core.params.retrieval import MineParams
from sracl_core.profile.contexts import draw_contexts
from sracl_core.profile.prefixes import build_prefixes
from sracl_core.profile.requests import ProfileRequest, item_requests, user_requests
from sracl_core.ragged import Ragged

N_USERS, N_ITEMS, K, DIMENSION = 14, 20, 3, 8
ITEM_PARAMS = ItemProfileParams(contexts=2, context_items=3)
USER_PARAMS = UserProfileParams(window=4, hop=1)
Row = dict[str, Any]
World = dict[str, pa.Table]


def clean_world(method: Method = "leave_one_out", exclude_same_user: bool = True) -> World:
    """Every artifact by the name of its field in InputFiles, and `trained_on`."""
    random = np.random.default_rng(5)
    interactions, sequences = _split(random, method)
    items: list[Row] = [
        {
            "item": item,
            "item_id": f"B{item:02}",
            "title": f"Title {item}",
            "categories": ["c"],
            "attributes": [("Color", "red")],
        }
        for item in range(1, N_ITEMS + 1)
    ]
    world = {
        "interactions": pa.Table.from_pylist(interactions, schema=INTERACTIONS),
        "sequences": pa.Table.from_pylist(sequences, schema=SEQUENCES),
        "items": pa.Table.from_pylist(items, schema=ITEMS),
        "users": pa.Table.from_pylist(
            [{"user": row["user"], "user_id": f"U{row['user']}", "n_train": len(row["train"])} for row in sequences],
            schema=USERS,
        ),
        "trained_on": pa.Table.from_pylist(
            [{"user": row["user"], "items": row["train"]} for row in sequences], schema=TRAINED_ON
        ),
    }
    train = train_of(world)
    ids = [row["item_id"] for row in items]
    world["item_contexts"] = draw_contexts(train, ids, ITEM_PARAMS.contexts, ITEM_PARAMS.context_items, seed=1)
    world["prefixes"] = build_prefixes(train, USER_PARAMS)
    item_side = item_requests(world["items"], world["item_contexts"], train, ITEM_PARAMS)
    user_side = user_requests(world["items"], world["prefixes"], train, USER_PARAMS)
    owner = world["prefixes"]["user"].to_numpy()
    for kind, requests, owners in (
        ("item", list(item_side), None),
        ("user", list(user_side), owner if exclude_same_user else None),
    ):
        keys = [request.key for request in requests]
        world[f"{kind}_profiles"] = pa.Table.from_pylist([profile(one) for one in requests], schema=PROFILES)
        vectors = random.normal(size=(len(keys), DIMENSION))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        world[f"{kind}_embeddings"] = pa.Table.from_pylist(
            [{"key": key, "embedding": vector.tolist()} for key, vector in zip(keys, vectors, strict=True)],
            schema=embeddings_schema(DIMENSION),
        )
        world[f"{kind}_pool"] = pa.Table.from_pylist(_pool(random, keys, owners), schema=pool_schema(K))
    return world


def _split(random: np.random.Generator, method: Method) -> tuple[list[Row], list[Row]]:
    interactions, sequences = [], []
    for user in range(N_USERS):
        count = 2 if user == 3 else int(random.integers(6, 10))  # user 3 is too short for leave-one-out
        items = random.choice(N_ITEMS, count, replace=False) + 1
        times = np.sort(random.integers(0, 100, count))
        interactions += [
            {"user": user, "item": item, "timestamp": time, "position": position}
            for position, (item, time) in enumerate(zip(items.tolist(), times.tolist(), strict=True))
        ]
        held = 1 if count >= 3 else 0
        first, second = (count - 2 * held, count - held)
        if method == "timeline":
            first, second = np.searchsorted(times, [70, 85]).tolist()
        parts = {"train": items[:first], "valid": items[first:second], "test": items[second:]}
        sequences.append({"user": user, **{part: values.tolist() for part, values in parts.items()}})
    return interactions, sequences


def _pool(random: np.random.Generator, keys: list[int], owners: np.ndarray | None) -> list[Row]:
    rows = []
    for key in keys:
        others = [o for o in keys if o != key and (owners is None or owners[o] != owners[key])]
        rows.append({"key": key, "neighbour": random.choice(others, K, replace=False).tolist(), "score": [0.5] * K})
    return rows


def train_of(world: World) -> Ragged:
    """The training part."""
    return Ragged.from_column(world["sequences"]["train"])


def profile(request: ProfileRequest) -> Row:
    """A profile that answers `request`."""
    return {"key": request.key, "text": "t", "request_sha256": request.sha256, "engine": "e"}


def change(world: World, name: str, edit: Callable[[list[Row]], object]) -> None:
    """Let `edit` work on the rows of one artifact, in place."""
    rows = world[name].to_pylist()
    edit(rows)
    world[name] = pa.Table.from_pylist(rows, schema=world[name].schema)


def write_world(world: World, path_of: Callable[[str], Path]) -> None:
    """Write every artifact where `path_of` its name says."""
    for name, table in world.items():
        write_table(path_of(name), table, table.schema, Provenance("test", "", ""))


def certify(
    world: World,
    folder: Path,
    method: Method = "leave_one_out",
    *,
    exclude_same_user: bool = True,
    k: int = K,
    source: str = "table",
) -> Row:
    """The certificate of the inputs in `world`, through files."""
    write_world(world, lambda name: folder / f"{name}.parquet")
    files = InputFiles(**{field.name: folder / f"{field.name}.parquet" for field in fields(InputFiles)})
    mine = MineParams(k=k, exclude_same_user=exclude_same_user)
    return certify_inputs(files, method, ITEM_PARAMS, USER_PARAMS, mine, data=DataParams(source=source))


def expect_refusal(world: World, folder: Path, check: str, told: str, **options: object) -> None:
    """Certifying `world` fails in `check`, with a message that matches `told` and says what to do."""
    with pytest.raises(LeakageError, match=rf"(?s)leakage check '{check}' failed.*{told}") as caught:
        certify(world, folder, **options)  # type: ignore[arg-type]
    assert "No certificate was written. Run `dvc repro" in str(caught.value)
