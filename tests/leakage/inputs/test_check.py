"""A leak planted in each place among the inputs of training is caught and named; a clean set passes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sracl_core.artifacts.provenance import file_digest
from sracl_core.ground.errors import ArtifactError, LeakageError
from sracl_core.leakage.shared.certificate import INPUT_CHECKS
from tests.hashed_words import DIMENSION
from tests.leakage.world import (
    N_ITEMS,
    Row,
    certify,
    change,
    clean_world,
    expect_refusal,
    file_in,
    files_in,
    input_params,
    recertify,
    write_world,
)


@pytest.mark.parametrize("method", ["leave_one_out", "timeline"])
def test_a_clean_set_passes(tmp_path: Path, method: str) -> None:
    world = clean_world(method)  # type: ignore[arg-type]
    params = input_params(method)  # type: ignore[arg-type]
    found = certify(world, tmp_path, params)
    assert found["clean"] is True
    examined = {check["check"]: check["examined"] for check in found["checks"]}
    assert tuple(examined) == INPUT_CHECKS
    assert examined == {
        "origins": 0,
        "not asked for": 6,
        "split": len(world["interactions"]),
        "user counts": len(world["users"]),
        "attributes": N_ITEMS,
        "items": N_ITEMS,
        "item contexts": len(world["item_contexts"]),
        "prefixes": len(world["prefixes"]),
        "item prompts": N_ITEMS,
        "item texts": N_ITEMS,
        "item embeddings": N_ITEMS,
        "item encoding": N_ITEMS,
        "item space": N_ITEMS,
        "item index": N_ITEMS,
        "item pool": N_ITEMS,
        "item search": N_ITEMS,
        "user prompts": len(world["prefixes"]),
        "user texts": len(world["prefixes"]),
        "user embeddings": len(world["prefixes"]),
        "user encoding": len(world["prefixes"]),
        "user space": len(world["prefixes"]),
        "user index": len(set(map(tuple, world["user_embeddings"]["embedding"].to_pylist()))),
        "user pool": len(world["prefixes"]),
        "user search": len(world["prefixes"]),
    }
    assert all(set(check) == {"check", "examined", "what"} for check in found["checks"])
    assert json.dumps(found) == json.dumps(certify(world, tmp_path, params))
    assert found["files"]["user_pool.parquet"] == file_digest(tmp_path / "user_pool.parquet")
    assert set(found["files"]) == {path.name for path in files_in(tmp_path).all()}


def plant_validation_item_in_a_context(rows: list[Row]) -> None:
    rows[0]["end"] += 20


def plant_context_of_another_item(rows: list[Row]) -> None:
    rows[0]["item"] = rows[0]["item"] % N_ITEMS + 1


def plant_context_of_nobody(rows: list[Row]) -> None:
    rows[2]["user"] = 99


def plant_empty_context(rows: list[Row]) -> None:
    rows[2]["start"] = rows[2]["end"]


def plant_prefix_whose_target_is_the_validation_item(rows: list[Row]) -> None:
    rows[-1]["end"] += 1  # the last prefix of the last user: its target would be the validation item


def plant_prefix_before_the_history(rows: list[Row]) -> None:
    rows[4]["start"] = -1


def plant_prefix_out_of_order(rows: list[Row]) -> None:
    rows[4]["prefix"], rows[5]["prefix"] = rows[5]["prefix"], rows[4]["prefix"]


def plant_missing_profile(rows: list[Row]) -> None:
    del rows[3]


def plant_profile_twice(rows: list[Row]) -> None:
    rows.append(rows[3])


def plant_profile_of_a_key_beyond(rows: list[Row]) -> None:
    rows.append({**rows[3], "key": 10_000})


def plant_long_vector(rows: list[Row]) -> None:
    rows[3]["embedding"] = [2.0] + [0.0] * (DIMENSION - 1)


def plant_vector_that_is_no_number(rows: list[Row]) -> None:
    rows[3]["embedding"][0] = float("nan")


def plant_infinite_vector(rows: list[Row]) -> None:
    rows[3]["embedding"][0] = float("inf")


def plant_itself(rows: list[Row]) -> None:
    rows[3]["neighbour"][1] = rows[3]["key"]


def plant_neighbour_twice(rows: list[Row]) -> None:
    rows[3]["neighbour"][0] = rows[3]["neighbour"][2]


def plant_neighbour_beyond(rows: list[Row]) -> None:
    rows[3]["neighbour"][0] = len(rows) + 1


def plant_padding_as_neighbour(rows: list[Row]) -> None:
    rows[3]["neighbour"][0] = 0


def plant_negative_neighbour(rows: list[Row]) -> None:
    rows[3]["neighbour"][0] = -1  # what an approximate index gives when it finds too few


def plant_same_user(rows: list[Row]) -> None:
    rows[0]["neighbour"][0] = 1  # prefixes 0 and 1 are both of user 0


def plant_wrong_count(rows: list[Row]) -> None:
    rows[2]["n_train"] += 1


def plant_item_out_of_order(rows: list[Row]) -> None:
    rows[2]["item"] = 2


@pytest.mark.parametrize(
    ("artifact", "plant", "check", "told"),
    [
        ("users", plant_wrong_count, "user counts", r"user 2 \('U2'\): n_train"),
        ("items", plant_item_out_of_order, "items", "row 2: 2"),
        ("item_contexts", plant_validation_item_in_a_context, "item contexts", r"item 1 \('B01'\): user .*, end 2"),
        ("item_contexts", plant_context_of_another_item, "item contexts", r"another item than their own.*item 2"),
        ("item_contexts", plant_context_of_nobody, "item contexts", "user 99, start"),
        ("item_contexts", plant_empty_context, "item contexts", "outside"),
        ("prefixes", plant_prefix_whose_target_is_the_validation_item, "prefixes", r"user 13 \('U13'\).*training part"),
        ("prefixes", plant_prefix_before_the_history, "prefixes", "start -1"),
        ("prefixes", plant_prefix_out_of_order, "prefixes", "not numbered"),
        ("item_profiles", plant_missing_profile, "item prompts", "missing.*key 4"),
        ("user_profiles", plant_missing_profile, "user prompts", "missing.*key 3"),
        ("user_profiles", plant_profile_twice, "user prompts", "more than once.*key 3"),
        ("user_profiles", plant_profile_of_a_key_beyond, "user prompts", "should not exist.*key 10000"),
        ("item_embeddings", plant_missing_profile, "item embeddings", "missing.*key 4"),
        ("user_embeddings", plant_profile_twice, "user embeddings", "more than once.*key 3"),
        ("user_embeddings", plant_long_vector, "user embeddings", r"key 3: length 2\.0"),
        ("user_embeddings", plant_vector_that_is_no_number, "user embeddings", "key 3: length nan"),
        ("item_embeddings", plant_infinite_vector, "item embeddings", "key 4: length inf"),
        ("item_pool", plant_itself, "item pool", "the anchor itself.*key 4"),
        ("user_pool", plant_itself, "user pool", "the anchor itself.*key 3"),
        ("user_pool", plant_neighbour_twice, "user pool", "a neighbour twice.*key 3"),
        ("user_pool", plant_neighbour_beyond, "user pool", "don't exist.*key 3"),
        ("user_pool", plant_negative_neighbour, "user pool", "don't exist.*key 3"),
        ("item_pool", plant_padding_as_neighbour, "item pool", "don't exist.*key 4"),
        ("item_pool", plant_missing_profile, "item pool", "missing.*key 4"),
        ("user_pool", plant_same_user, "user pool", "own user.*key 0"),
    ],
)
def test_a_planted_leak_is_named(
    tmp_path: Path, artifact: str, plant: Callable[[list[Row]], None], check: str, told: str
) -> None:
    world = clean_world()
    change(world, artifact, plant)
    expect_refusal(world, tmp_path, check, told)


def test_same_user_neighbours_pass_where_params_allow_them(tmp_path: Path) -> None:
    world = clean_world(exclude_same_user=False)
    assert certify(world, tmp_path, input_params(exclude_same_user=False))["clean"] is True
    expect_refusal(world, tmp_path, "user pool", "own user")


def test_many_rows_are_counted_and_a_few_shown(tmp_path: Path) -> None:
    world = clean_world()
    change(world, "item_pool", lambda rows: [row["neighbour"].__setitem__(0, row["key"]) for row in rows])
    with pytest.raises(LeakageError, match=rf"{N_ITEMS} of {N_ITEMS} examined") as caught:
        certify(world, tmp_path)
    assert str(caught.value).count("key ") == 5 and f"… and {N_ITEMS - 5} more" in str(caught.value)


def test_missing_and_foreign_files_are_told_of(tmp_path: Path) -> None:
    world = clean_world()
    certify(world, tmp_path)
    files = {**world, "user_pool": world["user_embeddings"]}
    with pytest.raises(ArtifactError, match=r"(?s)user_pool\.parquet .*neighbour"):
        certify(files, tmp_path)
    for name in world:
        if name == "trained_on":
            continue
        write_world(world, lambda other: file_in(tmp_path, other))
        (tmp_path / f"{name}.parquet").unlink()
        with pytest.raises(ArtifactError, match=rf"{name}\.parquet does not exist"):
            recertify(tmp_path, input_params())


def test_a_null_is_damage(tmp_path: Path) -> None:
    for name, column, value in (
        ("item_embeddings", "embedding", None),
        ("user_pool", "neighbour", [1, None, 2]),
        ("user_profiles", "request_sha256", None),
        ("sequences", "train", [1, None]),
    ):
        world = clean_world()
        change(world, name, lambda rows, column=column, value=value: rows[3].update({column: value}))
        with pytest.raises(ArtifactError, match=rf"{name}\.parquet cannot be used: 1 values of its column {column}"):
            certify(world, tmp_path)
