"""Pools that are mined from other vectors than the embeddings: those are made again, and held against the pools."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sracl_core.leakage.inputs.check import InputParams
from sracl_core.params.certify import CertifyParams
from sracl_core.params.mine import MineParams
from sracl_core.ragged import Ragged
from sracl_core.retrieval.index.faiss_index import build_index
from sracl_core.retrieval.mining.pools import candidate_pools, pool_table
from sracl_core.retrieval.space import item_space, user_space
from sracl_core.vectors import embeddings_schema
from tests.leakage.world import (
    N_ITEMS,
    K,
    Row,
    World,
    certify,
    change,
    clean_world,
    expect_refusal,
    input_params,
    train_of,
)

DIMENSION = 5


def vectors_table(keys: np.ndarray, vectors: np.ndarray) -> pa.Table:
    rows = [{"key": key, "embedding": one} for key, one in zip(keys.tolist(), vectors.tolist(), strict=True)]
    return pa.Table.from_pylist(rows, schema=embeddings_schema(DIMENSION))


def other_world(vectors: str) -> tuple[World, InputParams]:
    """A clean world whose pools are mined from `vectors`."""
    mine = MineParams.model_validate({"k": K, "vectors": vectors, "dimension": DIMENSION})
    world = clean_world()
    train, owners = train_of(world), world["prefixes"]["user"].to_numpy()
    items = item_space(train, N_ITEMS, mine)
    users = user_space(items, train, world["prefixes"], mine)
    for kind, keys, found, groups in (
        ("item", np.arange(1, N_ITEMS + 1), items, None),
        ("user", np.arange(len(users)), users, owners),
    ):
        world[f"{kind}_space"] = vectors_table(keys, found)
        world[f"{kind}_pool"] = pool_table(keys, *candidate_pools(build_index(keys, found), keys, found, K, groups))
    return world, replace(input_params(), mine=mine)


@pytest.mark.parametrize("vectors", ["collaborative", "random"])
def test_a_clean_set_passes(tmp_path: Path, vectors: str) -> None:
    world, params = other_world(vectors)
    told = {check["check"]: check for check in certify(world, tmp_path, params)["checks"]}
    assert told["item space"]["examined"] == N_ITEMS
    assert told["user space"]["what"].startswith(f"the {vectors} user vectors are what the training part gives")
    few = replace(params, certify=CertifyParams(sample=0))
    told = {check["check"]: check for check in certify(world, tmp_path, few)["checks"]}
    assert told["item space"]["what"].startswith("not proven: certify.sample is 0")
    # As if mine.vectors were semantic: these pools were not mined from the embeddings.
    world |= {f"{kind}_space": embeddings_schema(1).empty_table() for kind in ("item", "user")}
    expect_refusal(world, tmp_path, "item pool", "scores that are not the cosines", input_params())


def turn(rows: list[Row]) -> None:
    rows[0]["embedding"] = [-value for value in rows[0]["embedding"]]


def lengthen(rows: list[Row]) -> None:
    rows[2]["embedding"] = [2.0, 0, 0, 0, 0]


@pytest.mark.parametrize("kind", ["item", "user"])
@pytest.mark.parametrize(
    ("plant", "told"), [(turn, "not those that the training part gives.*its cosines differ"), (lengthen, "length 2")]
)
def test_other_vectors_are_named(tmp_path: Path, kind: str, plant: Callable[[list[Row]], None], told: str) -> None:
    for vectors in ("collaborative", "random"):
        world, params = other_world(vectors)
        change(world, f"{kind}_space", plant)
        expect_refusal(world, tmp_path, f"{kind} space", told, params)


def test_vectors_from_held_out_items_are_named(tmp_path: Path) -> None:
    world, params = other_world("collaborative")
    longer = train_of(world).join(Ragged.from_column(world["sequences"]["valid"]))
    leaking = item_space(longer, N_ITEMS, params.mine)
    world["item_space"] = vectors_table(np.arange(1, N_ITEMS + 1), leaking)
    expect_refusal(world, tmp_path, "item space", "not those that the training part gives", params)
