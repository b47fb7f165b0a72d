"""What the trainer held and made: anything but the training parts, and another model than theirs, is caught."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from sracl_core.artifacts.provenance import Provenance, file_digest
from sracl_core.artifacts.tables import write_table
from sracl_core.documents import write_sealed
from sracl_core.ground.errors import ArtifactError, LeakageError
from sracl_core.leakage.shared.certificate import TRAINING_CHECKS
from sracl_core.leakage.shared.split import Method
from sracl_core.leakage.training import TrainingFiles, certify_training
from sracl_core.model.backbone import build_backbone
from sracl_core.model.description import ModelDescription, write_description
from sracl_core.params.train import TrainParams
from sracl_core.schemas.trained_on import TRAINED_ON
from tests.leakage.world import N_ITEMS, Row, World, certify, change, clean_world, input_params

ORIGIN = Provenance("train", "parameters", "inputs")
DESCRIBED = ModelDescription("sasrec", N_ITEMS, TrainParams().backbone_params.model_dump(), ORIGIN, {})


def trained(
    folder: Path, n_items: int = N_ITEMS, dtype: torch.dtype = torch.float32, **told: object
) -> tuple[Path, Path]:
    """The files of a model of `n_items` items, as training would write them."""
    weights, description = folder / "model.safetensors", folder / "model.json"
    state = build_backbone("sasrec", n_items, TrainParams().backbone_params).state_dict()
    save_file({name: weight.to(dtype) for name, weight in state.items()}, weights)
    written = replace(DESCRIBED, n_items=n_items)
    write_description(description, weights, replace(written, **told))  # type: ignore[arg-type]
    return weights, description


def files_of(folder: Path, weights: Path, description: Path) -> TrainingFiles:
    path = {
        name: folder / f"{name}.parquet" for name in ("interactions", "items", "sequences", "trained_on", "user_pool")
    }
    read = [path.pop("user_pool")]
    return TrainingFiles(
        **path, weights=weights, description=description, inputs_certificate=folder / "inputs.json", read=read
    )


def run(world: World, folder: Path, method: Method = "leave_one_out", **model: object) -> Row:
    write_sealed(folder / "inputs.json", certify(world, folder, input_params(method)))
    write_table(folder / "trained_on.parquet", world["trained_on"], TRAINED_ON, ORIGIN)
    return certify_training(files_of(folder, *trained(folder, **model)), method, ORIGIN, TrainParams())  # type: ignore[arg-type]


def test_the_whole_training_part_passes(tmp_path: Path) -> None:
    world = clean_world()
    found = run(world, tmp_path)
    assert tuple(check["check"] for check in found["checks"]) == TRAINING_CHECKS
    held = sum(map(len, world["trained_on"]["items"].to_pylist()))
    assert {check["check"]: check["examined"] for check in found["checks"]}["training sequences"] == held
    assert found["files"]["model.safetensors"] == file_digest(tmp_path / "model.safetensors")
    assert run(clean_world("timeline"), tmp_path, "timeline")["clean"] is True


def hold_more(rows: list[Row]) -> None:
    rows[5]["items"].append(1)


def hold_another_item(rows: list[Row]) -> None:
    rows[5]["items"][-1] = rows[5]["items"][-1] % 20 + 1


def hold_in_another_order(rows: list[Row]) -> None:
    rows[5]["items"].reverse()


def hold_the_first_items(rows: list[Row]) -> None:
    rows[5]["items"].pop()


def hold_padding(rows: list[Row]) -> None:
    rows[5]["items"][0] = 0


def hold_another_user(rows: list[Row]) -> None:
    rows[5]["user"] = 77


def hold_a_user_twice(rows: list[Row]) -> None:
    rows.append(rows[5])


def hold_nothing(rows: list[Row]) -> None:
    rows.clear()


def hold_one_user(rows: list[Row]) -> None:
    del rows[1:]


def hold_in_another_order_of_users(rows: list[Row]) -> None:
    rows.reverse()


def hold_the_last_items(rows: list[Row]) -> None:
    rows[5]["items"].pop(0)


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (hold_more, "another number of items.*user 5: held"),
        (hold_another_item, r"not the user's training items \(1 of .*user 5: held"),
        (hold_in_another_order, "not the user's training items.*user 5: held"),
        (hold_the_first_items, "another number of items.*user 5: held"),
        (hold_the_last_items, "another number of items.*user 5: held"),
        (hold_padding, "not the user's training items.*user 5: held"),
        (hold_another_user, "don't know.*user 77"),
        (hold_a_user_twice, "more than once.*user 5"),
        (hold_nothing, "not held.*user 0"),
        (hold_one_user, r"not held \(13 of .*user 1\n"),
        (hold_in_another_order_of_users, "out of their order.*row 0: user 13"),
    ],
)
def test_what_was_held_in_error_is_named(tmp_path: Path, plant: Callable[[list[Row]], None], told: str) -> None:
    world = clean_world()
    change(world, "trained_on", plant)
    with pytest.raises(LeakageError, match=f"(?s)leakage check 'training sequences' failed.*{told}"):
        run(world, tmp_path)


@pytest.mark.parametrize("part", ["valid", "test"])
@pytest.mark.parametrize("method", ["leave_one_out", "timeline"])
def test_a_held_out_item_in_training_is_named(tmp_path: Path, part: str, method: Method) -> None:
    """Both as an item too many and in place of the oldest one, where the length tells nothing."""
    sequences = clean_world(method)["sequences"].to_pylist()
    user = next(row["user"] for row in sequences if row[part] and len(row["train"]) > 1)
    held_out = sequences[user][part][0]
    for drop in (0, 1):
        world = clean_world(method)
        items = [*sequences[user]["train"][drop:], held_out]
        change(world, "trained_on", lambda rows, items=items: rows[user].update(items=items))
        with pytest.raises(LeakageError, match=rf"(?s)user {user}: held .*{held_out}\].* {part} \[{held_out}"):
            run(world, tmp_path, method)


@pytest.mark.parametrize("name", ["sequences", "items", "user_pool"])
def test_what_changed_after_it_was_certified_is_refused(tmp_path: Path, name: str) -> None:
    """Even when it is whole, and only its provenance is another."""
    world = clean_world()
    run(world, tmp_path)
    write_table(tmp_path / f"{name}.parquet", world[name], world[name].schema, Provenance("test", "", "later"))
    files = files_of(tmp_path, tmp_path / "model.safetensors", tmp_path / "model.json")
    with pytest.raises(LeakageError, match=rf"{name}\.parquet is not the file that .*inputs\.json certified"):
        certify_training(files, "leave_one_out", ORIGIN, TrainParams())


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ({"n_items": N_ITEMS + 1}, f"the model knows {N_ITEMS + 1} items, the catalogue {N_ITEMS}"),
        ({"backbone": "evil_here:Boom"}, "the model has 'evil_here:Boom', train.backbone is 'sasrec'"),
        ({"model": {**DESCRIBED.model, "heads": 0}}, "the model has 0, train.backbones.sasrec.heads is 2"),
        ({"provenance": Provenance("train", "parameters", "other pools")}, "model: it was made from other files"),
        ({"provenance": Provenance("train", "other", "inputs")}, "model: it was made with other parameters"),
    ],
)
def test_a_model_of_something_else_is_named(tmp_path: Path, model: dict[str, object], told: str) -> None:
    with pytest.raises(LeakageError, match=told):
        run(clean_world(), tmp_path, **model)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_weights_of_another_type_are_named(tmp_path: Path, dtype: torch.dtype) -> None:
    with pytest.raises(ArtifactError, match=f"is of type {dtype}, expected torch.float32"):
        run(clean_world(), tmp_path, dtype=dtype)


def test_weights_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    run(clean_world(), tmp_path)
    weights, description = tmp_path / "model.safetensors", tmp_path / "model.json"
    state = load_file(weights)
    state["item_embedding.weight"][1, 0] = torch.nan
    save_file(state, weights)
    write_description(description, weights, DESCRIBED)
    with pytest.raises(ArtifactError, match=r"item_embedding\.weight holds values that are not finite"):
        certify_training(files_of(tmp_path, weights, description), "leave_one_out", ORIGIN, TrainParams())


def test_a_pool_trained_on_and_put_back_is_seen_by_its_digest(tmp_path: Path) -> None:
    run(clean_world(), tmp_path)
    files = files_of(tmp_path, tmp_path / "model.safetensors", tmp_path / "model.json")
    with pytest.raises(LeakageError, match=r"(?s)'training origins' failed.*trained_on\.parquet: .*other files"):
        certify_training(files, "leave_one_out", Provenance("train", "parameters", "the pool beside it"), TrainParams())
