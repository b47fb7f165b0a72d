"""Both certify commands as DVC runs them: in a process of their own, on files, with exit status and message."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from sracl_core.artifacts.tables import write_table
from sracl_core.model.backbone import build_backbone
from sracl_core.model.description import read_description, write_description
from sracl_core.model.store import save_backbone
from sracl_core.params.embed import EmbedParams
from sracl_core.params.mine import MineParams
from sracl_core.params.profile import ProfileParams
from sracl_core.params.reading.section import Section, read_section
from sracl_core.params.train import TrainParams
from stages.entry import provenance
from tests.leakage.world import ITEM_PARAMS, N_ITEMS, USER_PARAMS, K, Row, World, change, clean_world, write_world

ROOT = Path(__file__).resolve().parents[2]
INTERIM = {"interactions", "items", "users", "sequences", "item_contexts", "prefixes", "item_texts", "user_texts"} | {
    "item_vectors",
    "user_vectors",
}


def stage(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"stages.{name}"]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )


HASHED = "tests.hashed_words:HashedWords"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return clean_folder(tmp_path)


def clean_folder(tmp_path: Path) -> Path:
    """`tmp_path`, with the parameters that `clean_world` was made with."""
    params = (ROOT / "params.yaml").read_text()
    for old, new in (
        ("    contexts: 3 ", f"    contexts: {ITEM_PARAMS.contexts} "),
        ("    context_items: 10 ", f"    context_items: {ITEM_PARAMS.context_items} "),
        ("    window: 20 ", f"    window: {USER_PARAMS.window} "),
        ("    hop: 5 ", f"    hop: {USER_PARAMS.hop} "),
        ("  k: 10 ", f"  k: {K} "),
        ("  engine: sentence_transformers ", "  engine: hashed "),
        (
            "    sentence_transformers:\n",
            f"    hashed:\n      part: {HASHED}\n      salt: 0\n    sentence_transformers:\n",
        ),
    ):
        assert old in params
        params = params.replace(old, new)
    (tmp_path / "params.yaml").write_text(params)
    return tmp_path


def put(world: World, folder: Path) -> None:
    """Write `world` and a model, made from what is beside them with the parameters in `folder`."""

    def path_of(name: str) -> Path:
        kind, _, what = name.partition("_")
        place = "interim" if name in INTERIM else "artifacts"
        return folder / "data" / place / (f"{kind}.faiss" if what == "index" else f"{name}.parquet")

    write_world(world, path_of)
    for made_by, (section, only, sources, made) in origins().items():
        params = read_section(folder / "params.yaml", section, only=only or ())
        parts = getattr(params, "parts", (getattr(params, "engine_part", ""),))
        sections, parts = ([params], parts) if only is not None else ([], ())
        origin = provenance(made_by, sections, [path_of(source) for source in sources], *parts)
        for name in made:
            write_table(path_of(name), world[name], world[name].schema, origin)
        if made_by == "train":
            weights, description = (folder / "data/artifacts" / f"model.{end}" for end in ("safetensors", "json"))
            sizes = read_section(folder / "params.yaml", TrainParams).backbone_params
            backbone = build_backbone("sasrec", N_ITEMS, sizes)
            state = backbone.state_dict()
            torch.manual_seed(1)
            for weight in state.values():
                weight.copy_(torch.rand_like(weight) if weight.is_floating_point() else weight)
            save_backbone(
                weights, description, name="sasrec", backbone=backbone, state=state, training={}, provenance=origin
            )


def origins() -> dict[str, tuple[type[Section], tuple[str, ...] | None, tuple[str, ...], tuple[str, ...]]]:
    """What each stage reads and makes, in the order of the pipeline: section, its fields, inputs, outputs.

    The fields are None where no parameter counts.
    """
    said = ("engine", "engines", "domain", "llm")
    pools = ("prefixes", "user_pool", "item_pool", "user_embeddings")
    return {
        "own_texts": (ProfileParams, None, (), ("item_texts", "user_texts")),
        "own_vectors": (EmbedParams, None, (), ("item_vectors", "user_vectors")),
        "profile_items": (
            ProfileParams,
            (*said, "items"),
            ("items", "sequences", "item_texts"),
            ("item_contexts", "item_profiles"),
        ),
        "profile_users": (
            ProfileParams,
            (*said, "users"),
            ("items", "sequences", "user_texts"),
            ("prefixes", "user_profiles"),
        ),
        "embed@item": (EmbedParams, (), ("item_profiles", "item_vectors"), ("item_embeddings",)),
        "embed@user": (EmbedParams, (), ("user_profiles", "user_vectors"), ("user_embeddings",)),
        "space": (MineParams, None, (), ("item_space", "user_space")),
        "mine_items": (MineParams, ("k", "vectors"), ("item_embeddings", "item_index"), ("item_pool",)),
        "mine_users": (
            MineParams,
            ("k", "exclude_same_user", "vectors"),
            ("user_embeddings", "user_index", "prefixes"),
            ("user_pool",),
        ),
        "train": (TrainParams, (), ("sequences", "items", *pools), ("trained_on",)),
    }


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


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  k: 3 ", "  k: 4 ", "item_pool.parquet: it was made with other parameters"),
        ("      salt: 0", "      salt: 1", "item_embeddings.parquet: it was made with other parameters"),
        ("  domain: products ", "  domain: films ", "item_profiles.parquet: it was made with other parameters"),
    ],
)
def test_parameters_of_another_run_are_seen(folder: Path, old: str, new: str, told: str) -> None:
    put(clean_world(), folder)
    params = (folder / "params.yaml").read_text()
    assert old in params
    (folder / "params.yaml").write_text(params.replace(old, new))
    done = stage("certify_inputs", folder)
    assert (done.returncode, done.stdout) == (1, "") and "leakage check 'origins' failed" in done.stderr
    assert told in done.stderr


@pytest.mark.parametrize("kind", ["item", "user"])
def test_another_index_is_seen(folder: Path, kind: str) -> None:
    put(clean_world(), folder)
    other = {"item": "user", "user": "item"}[kind]
    shutil.copyfile(folder / f"data/artifacts/{other}.faiss", folder / f"data/artifacts/{kind}.faiss")
    done = stage("certify_inputs", folder)
    assert done.returncode == 1
    assert f"{kind}_pool.parquet: it was made from other files than those beside it" in done.stderr


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


@pytest.mark.parametrize("change", [lambda weights: weights.clear(), lambda weights: weights.popitem()])
def test_weights_that_make_no_model_are_not_certified(
    folder: Path, change: Callable[[dict[str, torch.Tensor]], object]
) -> None:
    put(clean_world(), folder)
    assert stage("certify_inputs", folder).returncode == 0
    weights, description = (folder / "data/artifacts" / f"model.{end}" for end in ("safetensors", "json"))
    told, state = read_description(description, weights), load_file(weights)
    change(state)
    save_file(state, weights)
    write_description(description, weights, told)
    done = stage("certify_training", folder)
    assert done.returncode == 1 and "don't make a model together" in done.stderr and "Traceback" not in done.stderr
    assert not (folder / "data/artifacts/certificate_training.json").exists()


@pytest.mark.parametrize("kind", ["items", "users"])
def test_histories_of_another_catalogue_are_told(folder: Path, kind: str) -> None:
    world = clean_world()
    change(world, "items", lambda rows: rows.pop())
    put(world, folder)
    done = stage(f"profile_{kind}", folder)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"hold item {N_ITEMS} (train part)" in done.stderr and f"knows items 1 to {N_ITEMS - 1}" in done.stderr
