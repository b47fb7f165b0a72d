"""Data too small for candidate pools, under real DVC: plain training works, and every message leads on."""

from pathlib import Path

import pytest

from tests.pipeline.project import Project, every_stage, small_project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MODEL = ("data/artifacts/model.safetensors", "data/artifacts/trained_on.parquet", "data/artifacts/metrics.json")


def project_on(folder: Path, histories: list[list[str]]) -> Project:
    """A small project on a table in which user n has bought `histories[n]`."""
    (folder / "raw").mkdir(parents=True)
    lines = [f"u{user},{item},{time}\n" for user, items in enumerate(histories) for time, item in enumerate(items)]
    (folder / "raw/interactions.csv").write_text("".join(["user_id,item_id,timestamp\n", *lines]), encoding="utf-8")
    project = small_project(folder / "project")
    project.set({"data": {"path": str(folder / "raw"), "core_users": 1, "core_items": 1}})
    return project


def results(project: Project) -> list[str]:
    return [project.outputs()[path] for path in MODEL]


def test_one_user_trains_plainly_and_with_contrast_where_the_message_leads(tmp_path: Path) -> None:
    project = project_on(tmp_path, [[f"i{n}" for n in range(6)]])
    project.set({"train": {"objective": "plain"}})
    assert project.repro() == every_stage()
    certificate = (project.root / "data/artifacts/certificate_inputs.json").read_text(encoding="utf-8")
    assert "there are no user pools, since they can't be filled: mine.k is 10, but 3 of the 3" in certificate
    plain = results(project)
    assert "item_pool.parquet" in project.run("sracl", "show")

    project.set({"train": {"objective": "sracl"}})
    printed = project.run("dvc", "repro", fails=True)
    assert "Traceback" not in printed
    place = "train.objectives.sracl"
    assert f"Set {place}.alpha to 0, or set mine.exclude_same_user to false and mine.k to 2 or less, or b" in printed
    assert f"Set {place}.beta to 0, or set mine.k to 5 or less, or bring more data." in printed

    project.set({"mine": {"k": 2, "exclude_same_user": False}})
    assert "train" in project.repro()
    assert results(project) != plain


def test_histories_without_a_next_item_end_where_that_is_known(tmp_path: Path) -> None:
    project = project_on(tmp_path, [["a", "b", "c"], ["b", "c", "a"]])
    printed = project.run("dvc", "repro", fails=True)
    assert "No user has two training interactions" in printed
    assert "failed to reproduce 'profile_users'" in printed
    assert "Traceback" not in printed
