"""A small copy of this project with its own Git history and DVC cache, in which tests run real commands."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from dag.source import ROOT
from dag.stages import stages

SMALL = {
    "sample": {"shoppers": 120, "items": 80},
    "embed": {"engines": {"sentence_transformers": {"max_tokens": 32}}},
    "train": {
        "max_epochs": 2,
        "backbones": {"sasrec": {"hidden": 16, "feed_forward": 32, "max_length": 20}},
    },
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
        return ran_in(self.run("dvc", "repro", *options, fails=fails))

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

    def copy(self, root: Path) -> "Project":
        """A copy at `root`, with all that was run and committed."""
        shutil.copytree(self.root, root)
        return Project(root)

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)


def ran_in(printed: str) -> set[str]:
    """The stages whose command ran, of what DVC printed."""
    return set(re.findall(r"Running stage '([^']+)'", printed))


def every_stage() -> set[str]:
    """The names of all stages, as DVC has them."""
    return {name for stage in stages() for name in stage.names}


def _update(values: dict, changes: dict) -> None:
    for key, change in changes.items():
        if isinstance(change, dict):
            _update(values.setdefault(key, {}), change)  # a group of one's own is new
        else:
            values[key] = change


def small_project(root: Path) -> Project:
    """Copy the working tree (what git tracks or would) to `root`, with small parameters and nothing run yet."""
    listing = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and name != "dvc.lock":
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, root / name)
    project = Project(root)
    project.run("git", "init", "--quiet")
    project.set(SMALL)
    project.commit("small")
    return project
