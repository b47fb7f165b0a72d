"""What fits in form and is false in content: texts, embeddings and pools that were not made from what they say."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sracl_core.params.certify import CertifyParams
from sracl_core.params.profile import ProfileParams
from sracl_core.profile.engines.raw import Raw
from sracl_core.profile.prompting.requests import item_requests, user_requests
from tests.leakage.world import (
    ITEM_PARAMS,
    N_ITEMS,
    USER_PARAMS,
    Row,
    World,
    certify,
    change,
    clean_world,
    expect_refusal,
    input_params,
    settings,
    train_of,
)

MODEL = replace(input_params(), profile=input_params().profile.model_copy(update={"engine": "openai"}))


def name_the_held_out_item(world: World) -> None:
    held_out = world["sequences"].to_pylist()[0]["test"][0]
    change(world, "user_profiles", lambda rows: rows[0].update(text=f"{rows[0]['text']} Wants Title {held_out}."))


def claim_another_engine(world: World) -> None:
    change(world, "user_profiles", lambda rows: rows[2].update(text="Wants anything.", engine="openai"))


def shuffle_embeddings(world: World) -> None:
    def edit(rows: list[Row]) -> None:
        vectors = [row["embedding"] for row in rows]
        for row, vector in zip(rows, vectors[1:] + vectors[:1], strict=True):
            row["embedding"] = vector

    change(world, "item_embeddings", edit)


def draw_embeddings(world: World) -> None:
    random = np.random.default_rng(1)

    def edit(rows: list[Row]) -> None:
        for row in rows:
            vector = random.normal(size=len(row["embedding"]))
            row["embedding"] = (vector / np.linalg.norm(vector)).tolist()

    change(world, "user_embeddings", edit)


def embed_in_another_dimension(world: World) -> None:
    vectors = pa.array([[1.0, 0.0]] * N_ITEMS, pa.list_(pa.float32(), 2))
    world["item_embeddings"] = world["item_embeddings"].set_column(1, "embedding", vectors)


def share_an_item_id(world: World) -> None:
    change(world, "items", lambda rows: rows[1].update(item_id="B03"))


def share_a_user_id(world: World) -> None:
    change(world, "users", lambda rows: rows[1].update(user_id="U2"))


def reverse_item_profiles(world: World) -> None:
    change(world, "item_profiles", lambda rows: rows.reverse())


def shuffle_user_profiles(world: World) -> None:
    change(world, "user_profiles", lambda rows: rows.insert(6, rows.pop(4)) or rows.insert(4, rows.pop(5)))


def reverse_contexts(world: World) -> None:
    change(world, "item_contexts", lambda rows: rows.reverse())


def reverse_embeddings(world: World) -> None:
    change(world, "user_embeddings", lambda rows: rows.reverse())


def farthest(world: World, kind: str, row: int) -> int:
    """The key whose vector is farthest from that of a row, and of another user."""
    vectors = np.stack(world[f"{kind}_embeddings"]["embedding"].to_pylist())
    cosines = vectors @ vectors[row]
    if kind == "user":
        users = world["prefixes"]["user"].to_numpy()
        cosines[users == users[row]] = 2
    return int(world[f"{kind}_embeddings"]["key"][int(np.argmin(cosines))].as_py())


def plant_a_far_neighbour(world: World) -> None:
    far = farthest(world, "item", 3)
    change(world, "item_pool", lambda rows: rows[3]["neighbour"].__setitem__(2, far))


def plant_a_far_neighbour_with_its_cosine(world: World) -> None:
    far = farthest(world, "user", 3)
    vectors = np.stack(world["user_embeddings"]["embedding"].to_pylist())

    def edit(rows: list[Row]) -> None:
        rows[3]["neighbour"][2] = far
        rows[3]["score"][2] = float(vectors[3] @ vectors[far])

    change(world, "user_pool", edit)


def give_other_scores(world: World) -> None:
    change(world, "item_pool", lambda rows: rows[3].update(score=[0.9, 0.8, 0.7]))


def order_worst_first(world: World) -> None:
    def edit(rows: list[Row]) -> None:
        row = max(rows, key=lambda one: one["score"][0] - one["score"][-1])
        row["neighbour"].reverse()
        row["score"].reverse()

    change(world, "item_pool", edit)


def shuffle_pools(world: World) -> None:
    change(world, "user_pool", lambda rows: rows.reverse())


@pytest.mark.parametrize(
    ("plant", "check", "told"),
    [
        (name_the_held_out_item, "user texts", "not the ones their prompts give.*key 0: .*Wants Title"),
        (claim_another_engine, "user texts", "of another engine, though profile.engine is extractive.*key 2.*'openai'"),
        (claim_another_engine, "user texts", "Expected: each user text is of the engine extractive, as profile.engine"),
        (share_an_item_id, "items", "items share an id.*id 'B03'"),
        (share_a_user_id, "user counts", "users share an id.*id 'U2'"),
        (reverse_item_profiles, "item prompts", "profiles out of the order of their keys.*row 0: key 20"),
        (shuffle_user_profiles, "user prompts", "profiles out of the order of their keys.*row 4: key 6"),
        (reverse_contexts, "item contexts", "out of the order of their items"),
        (shuffle_embeddings, "item encoding", "not what the encoder makes of the text.*key 1: cosine"),
        (draw_embeddings, "user encoding", "not what the encoder makes of the text.*key 0: cosine"),
        (embed_in_another_dimension, "item encoding", "2, the encoder's is 16"),
        (reverse_embeddings, "user embeddings", "out of the order"),
        (plant_a_far_neighbour, "item pool", "scores that are not the cosines.*key 4"),
        (plant_a_far_neighbour_with_its_cosine, "user search", "leave out a nearer key.*key 3: not"),
        (give_other_scores, "item pool", "scores that are not the cosines.*key 4"),
        (order_worst_first, "item pool", "not ordered best first"),
        (shuffle_pools, "user pool", "out of the order"),
    ],
)
def test_a_forgery_is_named(tmp_path: Path, plant: Callable[[World], None], check: str, told: str) -> None:
    world = clean_world()
    plant(world)
    expect_refusal(world, tmp_path, check, told)


def test_the_text_of_a_model_is_not_proven_and_the_certificate_says_so(tmp_path: Path) -> None:
    """A model may know a title from the world, so that it is counted and no reason to stop."""
    titles = [f"A long title numbered {item}" for item in range(1, N_ITEMS + 1)]
    rebuilt = clean_world(titles=titles)
    held_out = rebuilt["sequences"].to_pylist()[0]["test"][0]
    change(rebuilt, "user_profiles", lambda rows: rows[0].update(text=f"Wants {titles[held_out - 1]}.", engine="m"))
    change(rebuilt, "user_profiles", lambda rows: rows[1].update(text="Wants more.", engine="m"))
    params = replace(MODEL, certify=CertifyParams(sample=0))
    told = {check["check"]: check for check in certify(rebuilt, tmp_path, params)["checks"]}
    assert told["user texts"]["what"].startswith("not proven for 2 user texts by 'm': they cannot be written again")
    assert "1 of them name the title of an item that the user took later" in told["user texts"]["what"]
    assert told["user texts"]["examined"] == len(rebuilt["user_profiles"]) - 2
    assert told["user encoding"] == {
        "check": "user encoding",
        "examined": 0,
        "what": "not proven: certify.sample is 0, so no user vector was encoded again.",
    }
    assert told["user search"]["what"].startswith("not proven: certify.sample is 0")


def test_a_sample_is_drawn_by_its_seed(tmp_path: Path) -> None:
    """One false vector among many is found where it is drawn, and the certificate says how many were."""
    world = clean_world()
    few = replace(input_params(), certify=CertifyParams(sample=5))
    told = {check["check"]: check for check in certify(world, tmp_path, few)["checks"]}
    assert told["item encoding"]["examined"] == 5
    assert told["item encoding"]["what"].startswith(f"5 of {N_ITEMS} item vectors, drawn with certify.seed,")


def with_raw_texts(world: World) -> None:
    """Let the engine raw write all profiles of `world` anew."""
    train = train_of(world)
    for kind, requests in (
        ("item", item_requests(world["items"], world["item_contexts"], train, ITEM_PARAMS)),
        ("user", user_requests(world["items"], world["prefixes"], train, USER_PARAMS)),
    ):
        texts = {answer.key: answer.text for answer in Raw(settings(world["items"])).write(requests)}
        change(world, f"{kind}_profiles", lambda rows, texts=texts: [
            row.update(text=texts[row["key"]], engine="raw") for row in rows
        ])  # fmt: skip


def test_texts_of_any_repeatable_engine_are_written_again(tmp_path: Path) -> None:
    """Whether they are proven is said by the engine that profile.engine names, not by the name in a row."""
    raw = replace(input_params(), profile=ProfileParams(engine="raw", items=ITEM_PARAMS, users=USER_PARAMS))
    raw = replace(raw, certify=CertifyParams(sample=0))
    world = clean_world()
    with_raw_texts(world)
    told = {check["check"]: check for check in certify(world, tmp_path, raw)["checks"]}
    assert told["item texts"]["examined"] == N_ITEMS
    assert (
        told["user texts"]["what"]
        == "each user text is of the engine raw, as profile.engine says, and what its prompt gives."
    )
    model = replace(raw, profile=MODEL.profile)
    told = {check["check"]: check for check in certify(world, tmp_path, model)["checks"]}
    assert told["user texts"]["what"].startswith(f"not proven for {len(world['user_profiles'])} user texts by 'raw'")
    name_the_held_out_item(world)
    expect_refusal(world, tmp_path, "user texts", "not the ones their prompts give.*key 0: .*Wants Title", raw)
