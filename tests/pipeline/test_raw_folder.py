"""Where `data.path` may lie, under real DVC: in the project, in a temporary copy of it, and after `dvc add`."""

import shutil
from pathlib import Path

import pytest

from tests.pipeline.project import Project, ran_in, small_project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose raw files lie in it, unknown to git; nothing but the sample has run."""
    project = small_project(tmp_path_factory.mktemp("raw") / "project")
    project.repro("sample")
    shutil.copytree(project.root / "data/raw/sample", project.root / "data/raw/shop")
    project.commit("sample")
    return project


def test_a_path_no_shell_has_read_is_told_before_any_stage_works(project: Project) -> None:
    project.set({"data": {"path": "~/shop"}})
    printed = project.run("dvc", "repro", "ingest", fails=True)
    assert ran_in(printed) == {"check"}
    assert (
        f"data.path: ~/shop is taken as it stands: nothing stands for ~ or $ here; write {Path.home()}/shop" in printed
    )
    assert "Traceback" not in printed
    project.run("git", "checkout", "--quiet", ".")


def test_a_relative_path_runs_in_place_and_is_told_in_a_temporary_copy(project: Project) -> None:
    change = ("--set-param", "data.path=data/raw/shop")
    assert ran_in(project.run("dvc", "exp", "run", *change, "ingest")) == {"check", "ingest"}
    project.run("git", "checkout", "--quiet", ".")
    printed = project.run("dvc", "exp", "run", "--temp", *change, "ingest", fails=True)
    assert ran_in(printed) == {"check"}
    whole = project.root / "data/raw/shop"
    assert "data.path: data/raw/shop is not in the temporary copy of the project" in printed
    assert f"write the absolute path {whole}\n" in printed
    assert "Traceback" not in printed
    project.run("dvc", "exp", "run", "--temp", "--set-param", f"data.path={whole}", "ingest")


def test_what_dvc_add_took_in_is_there_in_a_temporary_copy(project: Project) -> None:
    project.run("dvc", "add", "data/raw/shop")
    project.set({"data": {"path": "data/raw/shop"}})
    project.commit("raw data tracked by DVC")
    printed = project.run("dvc", "exp", "run", "--temp", "--set-param", "data.core_users=4", "ingest")
    assert "ingest" in ran_in(printed)
    assert project.run("git", "status", "--porcelain") == ""
