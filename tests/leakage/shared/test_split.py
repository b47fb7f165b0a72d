"""The boundary between training and what is held out: a naive reference agrees, and every shift of it is caught."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.ground.errors import LeakageError
from sracl_core.leakage.shared.certificate import Check, Names
from sracl_core.leakage.shared.split import Method, check_split
from sracl_core.schemas.ingest import INTERACTIONS, SEQUENCES
from tests.leakage.world import Row, World, change, clean_world

NAMES = Names()


def check(world: World, method: Method = "leave_one_out") -> Check:
    names = Names(world["users"]["user_id"], world["items"]["item_id"])
    return check_split(world["interactions"], world["sequences"], method, names)


def shift_validation_into_training(rows: list[Row]) -> None:
    rows[5]["train"].append(rows[5]["valid"].pop(0))


def shift_training_into_validation(rows: list[Row]) -> None:
    rows[5]["valid"].insert(0, rows[5]["train"].pop())


def swap_validation_and_test(rows: list[Row]) -> None:
    rows[5]["valid"], rows[5]["test"] = rows[5]["test"], rows[5]["valid"]


def swap_test_and_last_training(rows: list[Row]) -> None:
    rows[5]["train"][-1], rows[5]["test"][0] = rows[5]["test"][0], rows[5]["train"][-1]


def repeat_the_test_item_in_training(rows: list[Row]) -> None:
    rows[5]["train"].append(rows[5]["test"][0])


def hold_out_from_a_short_history(rows: list[Row]) -> None:
    rows[3]["test"] = [rows[3]["train"].pop()]


def take_another_user_s_items(rows: list[Row]) -> None:
    rows[5]["train"], rows[6]["train"] = rows[6]["train"], rows[5]["train"]


def number_users_otherwise(rows: list[Row]) -> None:
    rows[5]["user"], rows[6]["user"] = 6, 5


def forget_a_user(rows: list[Row]) -> None:
    rows.pop()


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (
            shift_validation_into_training,
            r"cut at another place.*user 5 \('U5'\): train \d, valid 0, test 1 items, exp",
        ),
        (shift_training_into_validation, r"cut at another place.*user 5 \('U5'\): train \d, valid 2, test 1 items"),
        (swap_validation_and_test, r"other items, or another order.*user 5 \('U5'\), item"),
        (swap_test_and_last_training, r"other items, or another order.*user 5"),
        (repeat_the_test_item_in_training, r"not all of their interactions.*user 5"),
        (hold_out_from_a_short_history, r"cut at another place.*user 3.*expected train 2, valid 0, test 0"),
        (take_another_user_s_items, r"user 5"),
        (number_users_otherwise, "not numbered"),
        (forget_a_user, "don't know.*user 13"),
    ],
)
def test_a_shifted_boundary_is_named(plant: Callable[[list[Row]], None], told: str) -> None:
    world = clean_world()
    assert check(world).examined == len(world["interactions"])
    change(world, "sequences", plant)
    with pytest.raises(LeakageError, match=rf"(?s)leakage check 'split' failed.*{told}"):
        check(world)


def test_interactions_out_of_order_prove_nothing() -> None:
    for edit, told in (
        (lambda rows: rows.reverse(), "out of the order of user and time"),
        (lambda rows: rows[1].update(timestamp=-1), "out of the order of user and time.*user 0"),
        (lambda rows: rows[1].update(position=7), "positions that don't count.*position 7"),
        (lambda rows: rows[0].update(user=-1), "don't know.*user -1"),
    ):
        world = clean_world()
        change(world, "interactions", edit)
        with pytest.raises(LeakageError, match=f"(?s){told}"):
            check(world)


def cut(rows: list[Row], first: int, second: int) -> World:
    """Parts by two positions counted over the time-sorted interactions of two users, as a broken split might."""
    interactions = pa.Table.from_pylist(rows, schema=INTERACTIONS)
    sequences = [
        {
            "user": user,
            "train": [row["item"] for row in rows if row["user"] == user and row["timestamp"] < first],
            "valid": [row["item"] for row in rows if row["user"] == user and first <= row["timestamp"] < second],
            "test": [row["item"] for row in rows if row["user"] == user and row["timestamp"] >= second],
        }
        for user in range(2)
    ]
    return {"interactions": interactions, "sequences": pa.Table.from_pylist(sequences, schema=SEQUENCES)}


def timeline_world() -> World:
    rows = [
        {"user": user, "item": place + 1, "timestamp": time, "position": place}
        for user, times in enumerate([[1, 4, 6, 9], [2, 5, 5, 8]])
        for place, time in enumerate(times)
    ]
    return cut(rows, 5, 8)


def test_timeline_windows() -> None:
    world = timeline_world()
    assert check_split(world["interactions"], world["sequences"], "timeline", NAMES).examined == 8
    cases: list[tuple[Callable[[list[Row]], object], str]] = [
        # in order within user 0, but user 1 has a validation interaction at time 5, before user 0's at 6
        (lambda rows: rows[0]["train"].append(rows[0]["valid"].pop()), r"train interactions .* at 5.*user 0, item 3"),
        # equal times on both sides of the cut
        (lambda rows: rows[1]["train"].append(rows[1]["valid"].pop(0)), r"train interactions .* at 5.*user 1, item 2"),
        (lambda rows: rows[0]["valid"].append(rows[0]["test"].pop()), r"valid interactions .* at 8.*user 0, item 4"),
        # the whole of one user in training, though the other is tested from 8 on
        (lambda rows: rows[0].update(train=[1, 2, 3, 4], valid=[], test=[]), r"train interactions .*user 0, item 3"),
        # no validation at all: training has to be earlier than the test all the same
        (
            lambda rows: [
                rows[0].update(train=[1, 2], valid=[], test=[3, 4]),
                rows[1].update(train=[1, 2, 3, 4], valid=[], test=[]),
            ],
            r"train interactions .* at 6.*user 1, item 4",
        ),
    ]
    for edit, told in cases:
        world = timeline_world()
        change(world, "sequences", edit)
        with pytest.raises(LeakageError, match=f"(?s){told}"):
            check_split(world["interactions"], world["sequences"], "timeline", NAMES)


def test_leave_one_out_is_no_timeline() -> None:
    world = clean_world()
    with pytest.raises(LeakageError, match="train interactions that are not earlier"):
        check(world, "timeline")


@settings(max_examples=150, deadline=None)
@given(counts=st.lists(st.integers(0, 6), min_size=1, max_size=6), seed=st.integers(0, 10_000))
def test_passes_just_when_a_naive_split_agrees(counts: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    interactions, told, naive = [], [], []
    for user, count in enumerate(counts):
        items, times = random.integers(1, 5, count).tolist(), np.sort(random.integers(0, 9, count)).tolist()
        interactions += [
            {"user": user, "item": item, "timestamp": time, "position": place}
            for place, (item, time) in enumerate(zip(items, times, strict=True))
        ]
        held = 1 if count >= 3 else 0
        naive.append({"user": user, "train": items[: count - 2 * held], "valid": items[-2:-1] * held})
        naive[-1]["test"] = items[-1:] * held
        first, second = count - 2 * held, count - held
        if random.random() < 0.2:
            first, second = np.sort(random.integers(0, count + 1, 2)).tolist()
        told.append({"user": user, "train": items[:first], "valid": items[first:second], "test": items[second:]})
    tables = pa.Table.from_pylist(interactions, schema=INTERACTIONS), pa.Table.from_pylist(told, schema=SEQUENCES)
    if told == naive:
        check_split(*tables, "leave_one_out", NAMES)
    else:
        with pytest.raises(LeakageError):
            check_split(*tables, "leave_one_out", NAMES)
