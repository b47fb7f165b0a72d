"""A small, clean set of all artifacts, made with the real parts, in which a test can plant a leak."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import write_table
from sracl_core.embed.vectors import embed_texts
from sracl_core.ground.errors import LeakageError
from sracl_core.leakage.inputs.check import InputFiles, InputParams, Makers, certify_inputs
from sracl_core.leakage.inputs.pools import matrix
from sracl_core.leakage.shared.split import Method
from sracl_core.params.certify import CertifyParams
from sracl_core.params.data import DataParams
from sracl_core.params.embed import EmbedParams
from sracl_core.params.mine import MineParams
from sracl_core.params.profile import ItemProfileParams, ProfileParams, UserProfileParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.contexts import draw_contexts
from sracl_core.profile.engines.extractive import Extractive
from sracl_core.profile.engines.protocol import Engine, EngineSettings
from sracl_core.profile.prefixes import build_prefixes
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.load import load_repeatable
from sracl_core.profile.prompting.requests import ProfileRequest, item_requests, user_requests
from sracl_core.ragged import Ragged
from sracl_core.retrieval.index.faiss_index import build_index, write_index
from sracl_core.retrieval.mining.pools import candidate_pools, pool_table
from sracl_core.schemas.ingest import INTERACTIONS, ITEMS, SEQUENCES, USERS
from sracl_core.schemas.own_texts import ITEM_TEXTS, USER_TEXTS
from sracl_core.schemas.profiles import PROFILES
from sracl_core.schemas.trained_on import TRAINED_ON
from sracl_core.vectors import embeddings_schema
from tests.hashed_words import DIMENSION, HashedWords

N_USERS, N_ITEMS, K = 14, 20, 3
ITEM_PARAMS = ItemProfileParams(contexts=2, context_items=3)
USER_PARAMS = UserProfileParams(window=4, hop=1)
NOT_ASKED = ("space", "vectors")
Row = dict[str, Any]
World = dict[str, pa.Table]


def clean_world(
    method: Method = "leave_one_out", exclude_same_user: bool = True, titles: list[str] | None = None
) -> World:
    """Every artifact by the name of its field in InputFiles, and `trained_on`."""
    random = np.random.default_rng(5)
    interactions, sequences = _split(random, method)
    items: list[Row] = [
        {
            "item": item,
            "item_id": f"B{item:02}",
            "title": titles[item - 1] if titles else f"Title {item}",
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
    world |= {"item_texts": ITEM_TEXTS.empty_table(), "user_texts": USER_TEXTS.empty_table()}
    world |= {f"{kind}_{what}": embeddings_schema(1).empty_table() for kind in ("item", "user") for what in NOT_ASKED}
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
        rows = [profile(world, one) for one in requests]
        keys = np.array([row["key"] for row in rows])
        vectors = embed_texts([row["text"] for row in rows], HashedWords(), 64)
        world[f"{kind}_profiles"] = pa.Table.from_pylist(rows, schema=PROFILES)
        world[f"{kind}_embeddings"] = pa.Table.from_pylist(
            [{"key": key, "embedding": vector} for key, vector in zip(keys.tolist(), vectors.tolist(), strict=True)],
            schema=embeddings_schema(DIMENSION),
        )
        found = candidate_pools(build_index(keys, vectors), keys, vectors, K, owners)
        world[f"{kind}_pool"] = pool_table(keys, *found)
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


def train_of(world: World) -> Ragged:
    """The training part."""
    return Ragged.from_column(world["sequences"]["train"])


def profile(world: World, request: ProfileRequest) -> Row:
    """The profile that the engine extractive writes for `request`."""
    [answer] = writer(world["items"]).write([request])
    return {"key": request.key, "text": answer.text, "request_sha256": request.sha256, "engine": answer.engine}


def writer(items: pa.Table) -> Extractive:
    """The engine extractive over the catalogue `items`."""
    return Extractive(settings(items))


def settings(items: pa.Table) -> EngineSettings:
    """What an engine is made for over the catalogue `items`."""
    return EngineSettings(Catalogue.from_table(items), "products", ITEM_PARAMS, ProfileParams().llm, RuntimeParams())


def change(world: World, name: str, edit: Callable[[list[Row]], object]) -> None:
    """Let `edit` work on the rows of one artifact, in place."""
    rows = world[name].to_pylist()
    edit(rows)
    world[name] = pa.Table.from_pylist(rows, schema=world[name].schema)


def write_world(world: World, path_of: Callable[[str], Path], origins: dict[str, Provenance] | None = None) -> None:
    """Write every artifact where `path_of` its name says, and the indexes of the embeddings."""
    for name, table in world.items():
        write_table(path_of(name), table, table.schema, (origins or {}).get(name, Provenance("test", "", "")))
    for kind in ("item", "user"):
        # Of what pools are mined from: the space where there is one.
        space = world[f"{kind}_space"] if len(world[f"{kind}_space"]) else world[f"{kind}_embeddings"]
        write_index(path_of(f"{kind}_index"), build_index(space["key"].to_numpy(), matrix(space, "embedding")))


def files_in(folder: Path) -> InputFiles:
    """The files of a world written to `folder`."""
    return InputFiles(**{field.name: file_in(folder, field.name) for field in fields(InputFiles)})


def file_in(folder: Path, name: str) -> Path:
    """Where an artifact of a world lies in `folder`."""
    return folder / f"{name}.{'faiss' if name.endswith('_index') else 'parquet'}"


def input_params(
    method: Method = "leave_one_out", *, exclude_same_user: bool = True, k: int = K, source: str = "table"
) -> InputParams:
    """The parameters that a world was made with."""
    return InputParams(
        method=method,
        data=DataParams(source=source),
        profile=ProfileParams(items=ITEM_PARAMS, users=USER_PARAMS),
        embed=EmbedParams(),
        mine=MineParams(k=k, exclude_same_user=exclude_same_user),
        certify=CertifyParams(sample=1000),
    )


def recertify(folder: Path, params: InputParams, origins: dict[Path, Provenance] | None = None) -> Row:
    """The certificate of the inputs that lie in `folder`."""

    def engine(items: pa.Table) -> Engine | None:
        return load_repeatable(params.profile.engine, settings(items))

    return certify_inputs(files_in(folder), params, Makers(writer, engine, HashedWords), origins or {})


def certify(world: World, folder: Path, params: InputParams | None = None) -> Row:
    """The certificate of the inputs in `world`, through files."""
    write_world(world, lambda name: file_in(folder, name))
    return recertify(folder, params or input_params())


def expect_refusal(world: World, folder: Path, check: str, told: str, params: InputParams | None = None) -> None:
    """Certifying `world` fails in `check`, with a message that matches `told` and says what to do."""
    with pytest.raises(LeakageError, match=rf"(?s)leakage check '{check}' failed.*{told}") as caught:
        certify(world, folder, params)
    assert "No certificate was written. Run `dvc repro" in str(caught.value)
