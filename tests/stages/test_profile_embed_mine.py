"""The stages from profiles to pools, as DVC runs them, on a small data set."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table, write_table
from sracl_core.schemas.ingest import ITEMS, SEQUENCES
from sracl_core.schemas.own_texts import ITEM_TEXTS, USER_TEXTS
from sracl_core.schemas.pools import pool_schema
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.schemas.profiles import CONTEXTS, PROFILES
from sracl_core.vectors import embeddings_schema, no_vectors

ROOT = Path(__file__).resolve().parents[2]
N_ITEMS, N_USERS = 15, 12
PROFILE, EMBED = ["profile_items", "profile_users"], ["embed:item", "embed:user"]
STAGES = [*PROFILE, *EMBED, "space", "index:item", "index:user", "mine_items", "mine_users"]


def run_stage(folder: Path, stage: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DVC_ROOT": str(folder), "HF_HUB_OFFLINE": "1"}
    module, *arguments = stage.split(":")
    command = [sys.executable, "-m", f"stages.{module}", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def small_data(folder: Path) -> None:
    kinds = ["tea", "kettle", "chair"]
    items = {
        "item": range(1, N_ITEMS + 1),
        "item_id": [f"i{item:02}" for item in range(1, N_ITEMS + 1)],
        "title": [f"{kinds[item % 3]} model {'abcde'[item // 3]}" for item in range(N_ITEMS)],
        "brand": [None] * N_ITEMS,
        "categories": [[kinds[item % 3]] for item in range(N_ITEMS)],
        "description": [None] * N_ITEMS,
        "price": [None] * N_ITEMS,
        "attributes": [[]] * N_ITEMS,
    }
    generator = np.random.default_rng(0)
    histories = [generator.integers(1, N_ITEMS + 1, generator.integers(1, 9)).tolist() for _ in range(N_USERS)]
    sequences = {
        "user": range(N_USERS),
        "train": histories,
        "valid": [[1]] * N_USERS,
        "test": [[2]] * N_USERS,
    }
    source = Provenance("test", "0", "0")
    write_table(folder / "data/interim/items.parquet", pa.table(items, schema=ITEMS), ITEMS, source)
    write_table(folder / "data/interim/sequences.parquet", pa.table(sequences, schema=SEQUENCES), SEQUENCES, source)
    for name, schema in (("item_texts", ITEM_TEXTS), ("user_texts", USER_TEXTS)):
        write_table(folder / f"data/interim/{name}.parquet", schema.empty_table(), schema, source)
    for name in ("item_vectors", "user_vectors"):
        no_vectors(folder / f"data/interim/{name}.parquet", source)
    shipped = (ROOT / "params.yaml").read_text(encoding="utf-8")
    (folder / "params.yaml").write_text(shipped.replace("  k: 10 ", "  k: 3 "), encoding="utf-8")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder after all stages have run, and what each printed."""
    folder = tmp_path_factory.mktemp("small")
    small_data(folder)
    printed = {}
    for stage in STAGES:
        result = run_stage(folder, stage)
        assert result.returncode == 0, result.stderr
        printed[stage] = result.stdout
    return folder, printed


@pytest.mark.slow
def test_every_artifact_has_its_schema(ran: tuple[Path, dict[str, str]]) -> None:
    folder, printed = ran
    interim, artifacts = folder / "data/interim", folder / "data/artifacts"
    assert read_table(interim / "item_contexts.parquet", CONTEXTS).num_rows
    n_prefixes = read_table(interim / "prefixes.parquet", PREFIXES).num_rows
    for kind, keys in (("item", list(range(1, N_ITEMS + 1))), ("user", list(range(n_prefixes)))):
        for name, schema in (
            ("profiles", PROFILES),
            ("embeddings", embeddings_schema(384)),
            ("pool", pool_schema(3)),
        ):
            assert read_table(artifacts / f"{kind}_{name}.parquet", schema)["key"].to_pylist() == keys
    assert f"{n_prefixes} user profiles by extractive" in printed["profile_users"]
    assert "15 pools of 3" in printed["mine_items"]
    assert not (folder / ".sracl").exists()


@pytest.mark.slow
def test_items_of_a_kind_are_neighbours(ran: tuple[Path, dict[str, str]]) -> None:
    pool = read_table(ran[0] / "data/artifacts/item_pool.parquet")
    same = [
        (key - neighbour) % 3 == 0
        for key, row in zip(pool["key"].to_pylist(), pool["neighbour"].to_pylist(), strict=True)
        for neighbour in row
    ]
    assert np.mean(same) > 0.6  # by chance it is 0.36


@pytest.mark.slow
def test_running_again_gives_the_same_bytes(ran: tuple[Path, dict[str, str]]) -> None:
    files = sorted(path for path in (ran[0] / "data").rglob("*") if path.is_file())
    before = [path.read_bytes() for path in files]
    for stage in STAGES:
        if stage != "embed:item":  # the same code as for users
            assert run_stage(ran[0], stage).returncode == 0
    assert [path.read_bytes() for path in files] == before


@pytest.mark.slow
def test_pools_that_cannot_be_filled_are_told_of_and_end_no_run(
    ran: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder = shutil.copytree(ran[0], tmp_path / "copy")
    shipped = (folder / "params.yaml").read_text(encoding="utf-8")
    (folder / "params.yaml").write_text(shipped.replace("  k: 3 ", "  k: 40 "), encoding="utf-8")
    for kind, why in (("item", "the items number 15, which leaves each of them 14"), ("user", "are of one user")):
        result = run_stage(folder, f"mine_{kind}s")
        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith(f"mine_{kind}s: no pools were made. mine.k is 40, but ")
        assert why in result.stdout
        assert read_table(folder / f"data/artifacts/{kind}_pool.parquet", pool_schema(40)).num_rows == 0


@pytest.mark.slow
def test_errors_are_one_message_without_a_traceback(ran: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder = shutil.copytree(ran[0], tmp_path / "copy")
    for kind in ("item", "user"):
        (folder / f"data/artifacts/{kind}.faiss").unlink()
        result = run_stage(folder, f"mine_{kind}s")
        assert result.returncode == 1
        assert f"{kind}.faiss does not exist" in result.stderr
        assert "Traceback" not in result.stderr
