"""What the trainer held: anything but the user's training items, or the last of them, is caught."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sracl_core.artifacts.documents import write_json
from sracl_core.errors import ArtifactError, LeakageError
from sracl_core.leakage.certificate import require_clean
from sracl_core.leakage.split import Method
from sracl_core.leakage.training import certify_training
from tests.leakage.world import Row, World, certify, change, clean_world


def run(world: World, folder: Path, method: Method = "leave_one_out") -> Row:
    write_json(folder / "inputs.json", certify(world, folder, method))
    files = [folder / f"{name}.parquet" for name in ("interactions", "sequences", "trained_on")]
    return certify_training(*files, folder / "inputs.json", method)


def test_the_whole_training_part_and_its_last_items_pass(tmp_path: Path) -> None:
    world = clean_world()
    assert [check["check"] for check in run(world, tmp_path)["checks"]] == ["split", "training sequences"]
    change(world, "trained_on", lambda rows: [row.update(items=row["items"][-3:]) for row in rows])
    change(world, "trained_on", lambda rows: rows.reverse())
    change(world, "trained_on", lambda rows: rows.pop(4))
    change(world, "trained_on", lambda rows: rows[5].update(items=[]))
    held = sum(map(len, world["trained_on"]["items"].to_pylist()))
    assert run(world, tmp_path)["checks"][1]["examined"] == held
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


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (hold_more, "more items were held.*user 5: held"),
        (hold_another_item, r"not the user's last training items \(1 of .*user 5: held"),
        (hold_in_another_order, "not the user's last training items.*user 5: held"),
        (hold_the_first_items, "not the user's last training items.*user 5: held"),
        (hold_padding, "not the user's last training items.*user 5: held"),
        (hold_another_user, "don't know.*user 77"),
        (hold_a_user_twice, "more than once.*user 5"),
        (hold_nothing, "held no item at all"),
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


def test_the_boundary_is_derived_again(tmp_path: Path) -> None:
    """Sequences that moved after the inputs were certified don't pass, even when the trainer followed them."""
    clean, moved = clean_world(), clean_world()
    for name, part in (("sequences", "train"), ("trained_on", "items")):
        item = clean["sequences"].to_pylist()[5]["valid"][0]
        change(moved, name, lambda rows, part=part, item=item: rows[5][part].append(item))
    change(moved, "sequences", lambda rows: rows[5].update(valid=[]))
    run(clean, tmp_path)
    other = tmp_path / "moved"
    with pytest.raises(LeakageError):
        certify(moved, other)
    files = [other / f"{name}.parquet" for name in ("interactions", "sequences", "trained_on")]
    with pytest.raises(LeakageError, match=r"(?s)check 'split' failed.*user 5"):
        certify_training(*files, tmp_path / "inputs.json", "leave_one_out")


def test_only_a_clean_certificate_is_built_on(tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    with pytest.raises(ArtifactError, match="does not exist"):
        require_clean(path)
    path.write_text("{")
    with pytest.raises(ArtifactError, match="not valid JSON"):
        require_clean(path)
    for told in ({"clean": False, "checks": [1]}, {"clean": "yes", "checks": [1]}, {"clean": True, "checks": []}, []):
        write_json(path, told)
        with pytest.raises(LeakageError, match="not a clean leakage certificate"):
            require_clean(path)
    write_json(path, certify(clean_world(), tmp_path))
    require_clean(path)
