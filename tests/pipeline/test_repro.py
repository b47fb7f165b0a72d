"""The whole pipeline under real DVC, on a small sample: cached, reproducible, and useful to DVC's users.

The tests of this file build on one another's results and run in order, as a person's day would.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.pipeline import dag

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

AFTER_TRAIN = {"train", "certify_training", "evaluate"}
AFTER_MINE = AFTER_TRAIN | {"mine_items", "mine_users", "certify_inputs"}
SMALL = {
    "sample": {"shoppers": 120, "items": 80},
    "train": {"max_epochs": 2, "model": {"hidden": 16, "feed_forward": 32, "max_length": 20}},
    "runtime": {"threads": 1},
}


@dataclass
class Project:
    """A copy of this project in a folder of its own, with its own DVC cache."""

    root: Path

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a command in the project; return what it prints."""
        done = subprocess.run(
            command, cwd=self.root, env=self.environment(), capture_output=True, text=True, check=False
        )
        printed = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{' '.join(command)} exited with {done.returncode}:\n{printed}"
        return printed

    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "GIT_"))}
        who = {
            f"GIT_{role}_{what}": "test@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        return (
            kept
            | who
            | {
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "DVC_SITE_CACHE_DIR": str(self.root.parent / f"{self.root.name}-site"),
                "DVC_NO_ANALYTICS": "1",
                "HF_HUB_OFFLINE": "1",
            }
        )

    def repro(self, *options: str, fails: bool = False) -> set[str]:
        """Run `dvc repro`; return the stages whose command ran."""
        return set(re.findall(r"Running stage '(\w+)'", self.run("dvc", "repro", *options, fails=fails)))

    def set(self, changes: dict) -> None:
        """Change values in params.yaml."""
        editor = YAML()  # keeps comments
        path = self.root / "params.yaml"
        params = editor.load(path)
        _update(params, changes)
        editor.dump(params, path)

    def lock(self) -> dict:
        """The stages in dvc.lock."""
        return YAML(typ="safe", pure=True).load(self.root / "dvc.lock")["stages"]

    def outputs(self) -> dict[str, str]:
        """Every output's hash."""
        return {out["path"]: out["md5"] for stage in self.lock().values() for out in stage.get("outs", [])}

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)


def _update(values: dict, changes: dict) -> None:
    for key, change in changes.items():
        if isinstance(change, dict):
            _update(values[key], change)
        else:
            values[key] = change


def small_project(root: Path) -> Project:
    """Copy the working tree (what git tracks or would) to `root`, with small parameters and nothing run yet."""
    listing = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(listing, cwd=dag.ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (dag.ROOT / name).is_file() and name != "dvc.lock":
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(dag.ROOT / name, root / name)
    project = Project(root)
    project.run("git", "init", "--quiet")
    project.set(SMALL)
    project.commit("small")
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after its first full run, committed."""
    project = small_project(tmp_path_factory.mktemp("one") / "project")
    assert project.repro() == {stage.name for stage in dag.stages()}
    project.commit("first run")
    return project


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
    assert set(re.findall(r"Running stage '(\w+)'", printed)) == {"check"}
    assert "Traceback" not in printed
    for expected in ("did you mean train.alpha?", "train.alpha: missing", "mine.k: ", "runtime.device: "):
        assert expected in printed
    project.run("git", "checkout", "--quiet", ".")
    assert project.repro() <= {"check"}


def test_code_of_the_trainer_marks_nothing_before_it(project: Project) -> None:
    file = next(
        path for path in sorted((project.root / "sracl_core/training").glob("*.py")) if path.name != "__init__.py"
    )
    with file.open("a") as stream:
        stream.write("\n# a remark\n")
    marked = set(re.findall(r"^(\w+):$", project.run("dvc", "status"), flags=re.MULTILINE))
    assert "train" in marked
    assert marked <= AFTER_TRAIN
    project.run("git", "checkout", "--quiet", ".")


def test_alpha_reruns_train_and_after(project: Project) -> None:
    """By way of an experiment, with DVC's own views on it."""
    printed = project.run("dvc", "exp", "run", "--set-param", "train.alpha=0.5", "--name", "half")
    ran = set(re.findall(r"Running stage '(\w+)'", printed)) - {"check"}
    assert {"train", "evaluate"} <= ran <= AFTER_TRAIN
    half = next(line for line in project.run("dvc", "exp", "show", "--csv").splitlines() if line.startswith("half,"))
    assert "!" not in half  # what DVC puts where it cannot read a metric
    assert re.search(r"train\.alpha\W+0\.1\W+0\.5", project.run("dvc", "params", "diff"))
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
