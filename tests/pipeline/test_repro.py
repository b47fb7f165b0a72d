"""The whole pipeline under real DVC, on a small sample: cached, reproducible, and useful to DVC's users.

The tests of this file build on one another's results and run in order, as a person's day would.
"""

import json
import re
from pathlib import Path

import pytest

from tests.pipeline.project import Project, ran_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

AFTER_TRAIN = {"train", "certify_training", "evaluate"}
AFTER_MINE = AFTER_TRAIN | {"mine_items", "mine_users", "certify_inputs"}


@pytest.fixture(scope="module")
def project(finished_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the finished run for this file to work in."""
    return finished_project.copy(tmp_path_factory.mktemp("repro") / "project")


def test_a_second_run_does_nothing(project: Project) -> None:
    before = project.outputs()
    assert project.repro() == set()
    assert project.outputs() == before
    assert "up to date" in project.run("dvc", "status")
    assert project.run("git", "status", "--porcelain") == ""


def test_another_clone_gives_the_same_bytes(project: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "elsewhere" / "clone")
    other.root.parent.mkdir()
    project.run("git", "clone", "--quiet", str(project.root), str(other.root))
    other.run("git", "checkout", "--quiet", "HEAD~1")
    assert not (other.root / "dvc.lock").exists()
    other.repro()
    assert other.outputs() == project.outputs()


def test_how_it_is_run_changes_no_stage_but_the_check(project: Project) -> None:
    project.set({"runtime": {"device": "cpu", "threads": 2, "embed_batch": 16, "memory_gb": 1.0, "rank_tile_mb": 64.0}})
    before = project.outputs()
    assert project.repro() == {"check"}
    assert project.outputs() == before
    project.run("git", "checkout", "--quiet", ".")


def test_every_wrong_parameter_is_reported_before_any_stage_works(project: Project) -> None:
    text = (project.root / "params.yaml").read_text()
    for right, wrong in ((" alpha:", " alhpa:"), ("k: 10 ", "k: ten "), ("  device: auto", "  device: tpu")):
        assert right in text
        text = text.replace(right, wrong)
    (project.root / "params.yaml").write_text(text)
    printed = project.run("dvc", "repro", fails=True)
    assert ran_in(printed) == {"check"}
    assert "Traceback" not in printed
    for expected in (
        "did you mean train.objectives.sracl.alpha?",
        ".sracl.alpha: missing",
        "mine.k: ",
        "runtime.device: ",
    ):
        assert expected in printed
    project.run("git", "checkout", "--quiet", ".")
    assert project.repro() <= {"check"}


def test_code_of_the_trainer_marks_nothing_before_it(project: Project) -> None:
    file = next(
        path for path in sorted((project.root / "sracl_core/training").glob("*.py")) if path.name != "__init__.py"
    )
    with file.open("a") as stream:
        stream.write("\n# a remark\n")
    marked = set(re.findall(r"^([\w@]+):$", project.run("dvc", "status"), flags=re.MULTILINE))
    assert "train" in marked
    assert marked <= AFTER_TRAIN
    project.run("git", "checkout", "--quiet", ".")


def test_alpha_reruns_train_and_after(project: Project) -> None:
    """By way of an experiment, with DVC's own views on it."""
    printed = project.run("dvc", "exp", "run", "--set-param", "train.objectives.sracl.alpha=0.5", "--name", "half")
    ran = ran_in(printed) - {"check"}
    assert {"train", "evaluate"} <= ran <= AFTER_TRAIN
    half = next(line for line in project.run("dvc", "exp", "show", "--csv").splitlines() if line.startswith("half,"))
    assert "!" not in half  # what DVC puts where it cannot read a metric
    assert re.search(r"train\.objectives\.sracl\.alpha\W+0\.1\W+0\.5", project.run("dvc", "params", "diff"))
    assert "ndcg@10" in project.run("dvc", "metrics", "show")
    changes = json.loads(project.run("dvc", "metrics", "diff", "--all", "--json").splitlines()[0])
    changes = changes["data/artifacts/metrics.json"]
    assert None not in changes["test.ndcg@10"].values()
    project.run("dvc", "plots", "show", "--out", "../plots")
    assert (project.root.parent / "plots" / "index.html").stat().st_size > 0
    project.run("git", "checkout", "--quiet", ".")
    assert project.repro() == set()  # the first run's results come back from the run cache


def test_k_reruns_mine_and_after(project: Project) -> None:
    project.set({"mine": {"k": 5}})
    ran = project.repro() - {"check"}
    assert AFTER_MINE - {"certify_training"} <= ran <= AFTER_MINE
