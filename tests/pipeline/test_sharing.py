"""A colleague's clone: what was pulled is not run again, with and without raw data, whatever git does to line ends."""

import re
import shutil
from pathlib import Path

import pytest

from dag.source import ROOT
from tests.pipeline.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
AFTER_TRAINING = {"train", "certify_training", "evaluate"}


@pytest.fixture(scope="module")
def shared(finished_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project on data of its own, which DVC keeps; its results are pushed, the raw data is not."""
    folder = tmp_path_factory.mktemp("shared")
    project = finished_project.copy(folder / "Jürgen's données #1")
    shutil.copytree(project.root / "data/raw/sample", project.root / "data/raw/shop")
    project.run("dvc", "add", "data/raw/shop")
    project.set({"data": {"path": "data/raw/shop"}})
    # The same files under another name: their bytes, and so all that follows, are those of the sample.
    assert "ingest" in project.repro()
    project.run("dvc", "remote", "add", "--default", "team", str(folder / "remote"))
    project.commit("the shop")
    project.run("dvc", "push", *[out for out in project.outputs() if not out.startswith("data/raw/")])
    return project


def cloned(project: Project, root: Path, *options: str) -> Project:
    project.run("git", "clone", "--quiet", *options, str(project.root), str(root))
    return Project(root)


def test_a_clone_without_the_raw_data_runs_nothing_and_trains(shared: Project, tmp_path: Path) -> None:
    clone = cloned(shared, tmp_path / "clone")
    clone.run("dvc", "pull", "--allow-missing")
    assert not (clone.root / "data/raw/shop").exists()
    assert clone.repro("--allow-missing") == set()
    clone.set({"train": {"learning_rate": 0.001}})
    assert clone.repro("--allow-missing") == {"check", *AFTER_TRAINING}
    assert (clone.root / "data/interim/sequences.parquet").is_file()


def test_a_clone_of_a_project_whose_data_nobody_keeps_trains_too(shared: Project, tmp_path: Path) -> None:
    """`data.path` leads out of the repository; on the colleague's machine there is nothing."""
    own = shared.copy(tmp_path / "own")
    shutil.move(own.root / "data/raw/shop", tmp_path / "shop")
    own.run("git", "rm", "--quiet", "data/raw/shop.dvc")
    own.set({"data": {"path": str(tmp_path / "shop")}})
    own.repro()
    own.commit("the data lies elsewhere")
    own.run("dvc", "push", *[out for out in own.outputs() if not out.startswith("data/raw/")])
    shutil.rmtree(tmp_path / "shop")
    clone = cloned(own, tmp_path / "clone")
    clone.run("dvc", "pull", "--allow-missing")
    assert clone.repro("--allow-missing") == set()
    clone.set({"train": {"learning_rate": 0.001}})
    assert clone.repro("--allow-missing") == {"check", *AFTER_TRAINING}
    clone.set({"data": {"path": str(tmp_path / "shpo")}})
    assert "data.path: " in clone.run("dvc", "repro", "--allow-missing", fails=True)


def test_line_ends_run_nothing(shared: Project, tmp_path: Path) -> None:
    clone = cloned(shared, tmp_path / "clone", "--config", "core.autocrlf=true", "--config", "core.eol=crlf")
    clone.run("dvc", "pull", "--allow-missing")
    assert clone.repro("--allow-missing") == set()
    assert b"\r\n" not in (clone.root / "params.yaml").read_bytes()


def test_an_archive_without_git_says_what_mends_it(finished_project: Project, tmp_path: Path) -> None:
    for name in ("Makefile", "dvc.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    project = Project(tmp_path)
    told = project.run("make", "--no-print-directory", "repository", fails=True)
    assert "is no git repository, and DVC needs one" in told
    for line in re.findall(r"^  (git .*)$", told, flags=re.MULTILINE):
        project.run("bash", "-e", "-c", line)
    assert project.run("make", "--no-print-directory", "repository") == ""
