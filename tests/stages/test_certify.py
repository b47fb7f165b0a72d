"""Both certify commands as DVC runs them: in a process of their own, on files, with exit status and message."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.leakage.world import ITEM_PARAMS, USER_PARAMS, K, Row, World, change, clean_world, write_world

ROOT = Path(__file__).resolve().parents[2]
INTERIM = {"interactions", "items", "users", "sequences", "item_contexts", "prefixes"}


def stage(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"stages.{name}"]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    params = (ROOT / "params.yaml").read_text()
    for old, new in (
        ("    contexts: 3 ", f"    contexts: {ITEM_PARAMS.contexts} "),
        ("    context_items: 10 ", f"    context_items: {ITEM_PARAMS.context_items} "),
        ("    window: 20 ", f"    window: {USER_PARAMS.window} "),
        ("    hop: 5 ", f"    hop: {USER_PARAMS.hop} "),
        ("  k: 10 ", f"  k: {K} "),
    ):
        assert old in params
        params = params.replace(old, new)
    (tmp_path / "params.yaml").write_text(params)
    return tmp_path


def put(world: World, folder: Path) -> None:
    write_world(
        world, lambda name: folder / "data" / ("interim" if name in INTERIM else "artifacts") / f"{name}.parquet"
    )


def test_a_clean_run_is_certified_twice_with_the_same_bytes(folder: Path) -> None:
    put(clean_world(), folder)
    written: list[bytes] = []
    for _ in range(2):
        for name in ("inputs", "training"):
            done = stage(f"certify_{name}", folder)
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.startswith("clean: ") and "found no leak" in done.stdout
            path = folder / f"data/artifacts/certificate_{name}.json"
            assert json.loads(path.read_text())["clean"] is True
            written.append(path.read_bytes())
        shutil.rmtree(folder / "data")
        put(clean_world(), folder)
    assert written[:2] == written[2:]


def leak_in_pool(rows: list[Row]) -> None:
    rows[0]["neighbour"][0] = 1


def test_a_leak_ends_the_run_with_its_name_and_no_certificate(folder: Path) -> None:
    world = clean_world()
    put(world, folder)
    assert stage("certify_inputs", folder).returncode == 0
    change(world, "user_pool", leak_in_pool)
    put(world, folder)
    done = stage("certify_inputs", folder)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.startswith(
        "error: leakage check 'user pool' failed: pools hold prefixes of the anchor's own user"
    )
    assert not (folder / "data/artifacts/certificate_inputs.json").exists()
    done = stage("certify_training", folder)
    assert done.returncode == 1 and "certificate_inputs.json does not exist" in done.stderr


def test_a_held_out_item_in_training_ends_the_run(folder: Path) -> None:
    world = clean_world()
    held_out = world["sequences"].to_pylist()[2]["test"][0]
    change(world, "trained_on", lambda rows: rows[2]["items"].append(held_out))
    put(world, folder)
    assert stage("certify_inputs", folder).returncode == 0
    done = stage("certify_training", folder)
    assert done.returncode == 1 and "user 2: held" in done.stderr
    assert not (folder / "data/artifacts/certificate_training.json").exists()
