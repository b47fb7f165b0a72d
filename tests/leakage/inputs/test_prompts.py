"""Prompts that were built from more than the training part are caught by their hash."""

from pathlib import Path

from sracl_core.profile.prompting.requests import item_requests, user_requests
from sracl_core.ragged import Ragged
from sracl_core.schemas.prefixes import PREFIXES
from tests.leakage.world import (
    ITEM_PARAMS,
    USER_PARAMS,
    World,
    change,
    clean_world,
    expect_refusal,
    profile,
    train_of,
)


def with_validation(world: World) -> Ragged:
    return train_of(world).join(Ragged.from_column(world["sequences"]["valid"]))


def test_a_user_prompt_that_shows_a_held_out_item(tmp_path: Path) -> None:
    """The row claims the clean prefix, but the prompt behind its hash was built one item further."""
    world = clean_world()
    last = len(world["prefixes"]) - 1
    row = world["prefixes"].to_pylist()[last]
    leaking = world["prefixes"].from_pylist([{**row, "end": row["end"] + 2}], schema=PREFIXES)
    [request] = user_requests(world["items"], leaking, with_validation(world), USER_PARAMS)
    held_out = world["sequences"].to_pylist()[row["user"]]["valid"][0]
    assert f"Title {held_out}" in " ".join(request.lines)
    change(world, "user_profiles", lambda rows: rows.__setitem__(last, profile(world, request)))
    expect_refusal(world, tmp_path, "user prompts", f"key {last}: prompt {request.sha256[:12]}")


def test_an_item_prompt_with_a_context_from_validation(tmp_path: Path) -> None:
    """As in the authors' code: a validation item closes a context that its own item's prompt shows."""
    world = clean_world()
    user = world["sequences"].to_pylist()[0]
    item, end = user["valid"][0], len(user["train"]) + 1
    row = {"item": item, "user": 0, "start": 0, "end": end}
    contexts = world["item_contexts"].from_pylist([row], schema=world["item_contexts"].schema)
    requests = {one.key: one for one in item_requests(world["items"], contexts, with_validation(world), ITEM_PARAMS)}
    hidden = clean_world()
    change(hidden, "item_profiles", lambda rows: rows.__setitem__(item - 1, profile(world, requests[item])))
    expect_refusal(hidden, tmp_path, "item prompts", f"key {item}: prompt")
    change(world, "item_contexts", lambda rows: rows.append(row))
    expect_refusal(
        world,
        tmp_path,
        "item contexts",
        f"reach outside the training part.*item {item} .*start 0, end {end}, training part of {end - 1} items",
    )


def test_another_window_than_the_params_say_is_no_clean_prompt(tmp_path: Path) -> None:
    world = clean_world()
    wider = USER_PARAMS.model_copy(update={"window": 2})
    requests = list(user_requests(world["items"], world["prefixes"], train_of(world), wider))
    change(
        world, "user_profiles", lambda rows: rows.__setitem__(slice(None), [profile(world, one) for one in requests])
    )
    expect_refusal(world, tmp_path, "user prompts", r"another prompt.*… and \d+ more")
