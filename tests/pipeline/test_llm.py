"""The whole pipeline with profiles by the real vLLM engine: every stage, and answers that are paid for once.

The tests of this file build on one another's results and run in order.
"""

import json
import re
import shutil
from pathlib import Path

import pytest

from sracl_core.artifacts.tables import read_table
from sracl_core.schemas.profiles import PROFILES
from tests.needs import needs_vllm
from tests.pipeline.project import Project, every_stage, ran_in

pytestmark = [needs_vllm, pytest.mark.slow, pytest.mark.timeout(1200)]

PROFILE_STAGES = {"profile_items", "profile_users"}


@pytest.fixture(scope="module")
def project(finished_project: Project, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the finished run in which a tiny model is to write the profiles."""
    project = finished_project.copy(tmp_path_factory.mktemp("llm") / "project")
    llm = {"model": str(tiny_model), "dtype": "float32", "max_tokens": 120}
    items = {"summary_words": 3, "potential_users_words": 2, "data_tokens": 400}
    users = {"preferences_words": 4, "data_tokens": 400, "per": "stride"}
    project.set(
        {
            "profile": {"engine": "vllm", "llm": llm, "items": items, "users": users},
            "runtime": {"vllm_cpu_cache_gb": 1, "threads": 2},
        }
    )
    project.run("dvc", "remote", "add", "--default", "shared", str(project.root.parent / "remote"))
    return project


def rows(project: Project, kind: str) -> list[dict]:
    return read_table(project.root / f"data/artifacts/{kind}_profiles.parquet", PROFILES).to_pylist()


def test_every_stage_runs_on_what_the_model_wrote(project: Project) -> None:
    printed = project.run("dvc", "repro")
    ran = ran_in(printed)
    # The engine and the prefixes are others, the catalogue is not.
    assert ran == every_stage() - {"sample", "ingest"}
    assert len(re.findall(r"profiles by vllm, 0 from the store, 0 from the last commit, 0 replaced;", printed)) == 2
    assert len(re.findall(r"prompt tokens, [\d.]+% of them from the cache", printed)) == 2
    for kind in ("item", "user"):
        written = rows(project, kind)
        assert {row["engine"] for row in written} == {"vllm"}
        assert all(row["text"] and row["address"] and row["tokens_out"] for row in written)
    metrics = json.loads((project.root / "data/artifacts/metrics.json").read_text())
    assert 0 < metrics["test"]["hr@20"] <= 1
    project.commit("profiles by a model")


def test_an_experiment_in_a_temporary_copy_shares_the_answers(project: Project) -> None:
    printed = project.run("dvc", "exp", "run", "--temp", "--name", "lenient", "-S", "profile.max_fallback=0.5")
    counts = [len(rows(project, kind)) for kind in ("item", "user")]
    for count in counts:
        assert f"{count} from the store, 0 from the last commit, 0 replaced\n" in printed


def test_a_fresh_clone_takes_over_what_a_teammate_pushed(project: Project, tiny_model: Path, tmp_path: Path) -> None:
    project.run("dvc", "push")
    clone = Project(tmp_path / "clone")
    project.run("git", "clone", "--quiet", str(project.root), str(clone.root))
    clone.run("dvc", "pull")
    assert not (clone.root / ".sracl").exists()
    # Another share of replaced answers lets both stages run again; DVC deletes their profiles before they do.
    clone.set({"profile": {"max_fallback": 0.5}})
    printed = clone.run("dvc", "repro")
    assert ran_in(printed) == {"check", *PROFILE_STAGES}
    for kind in ("item", "user"):
        count = len(rows(clone, kind))
        assert (
            f"{count} {kind} profiles by vllm, 0 from the store, {count} from the last commit, 0 replaced\n" in printed
        )
    assert clone.outputs() == project.outputs()
    shutil.rmtree(clone.root)


def test_without_the_last_commit_the_model_is_asked_again(project: Project, tmp_path: Path) -> None:
    """Neither a store nor a cache: the stage says so, and writes what the model says."""
    clone = Project(tmp_path / "clone")
    project.run("git", "clone", "--quiet", str(project.root), str(clone.root))
    clone.run("dvc", "remote", "remove", "shared")
    printed = clone.run("dvc", "repro", "profile_items")
    assert "The last commit's data/artifacts/item_profiles.parquet cannot be read" in printed
    assert re.search(r"item profiles by vllm, 0 from the store, 0 from the last commit, 0 replaced; \d+ calls", printed)
    assert rows(clone, "item") == rows(project, "item")
