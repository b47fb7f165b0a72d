"""dvc.yaml is what the writer writes; its text says what was declared, also where a sign has a meaning in YAML."""

import subprocess
import sys

from ruamel.yaml import YAML

from dag.source import ROOT
from dag.stages import Output, stages
from dag.write import dvc_yaml


def test_writing_it_again_changes_nothing() -> None:
    assert (ROOT / "dvc.yaml").read_text(encoding="utf-8") == dvc_yaml(stages()), "run `make dag`"


def test_the_command_says_that_nothing_changed() -> None:
    before = (ROOT / "dvc.yaml").stat()
    done = subprocess.run([sys.executable, "-m", "dag"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "says what the code says already" in done.stdout
    assert (ROOT / "dvc.yaml").stat().st_mtime_ns == before.st_mtime_ns


def test_it_is_read_at_a_glance() -> None:
    lines = (ROOT / "dvc.yaml").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 250
    assert max(map(len, lines)) <= 120


def test_the_lock_knows_no_stage_that_is_gone() -> None:
    """DVC keeps such entries for ever, and parses the file before and after every stage."""
    locked = YAML(typ="safe", pure=True).load(ROOT / "dvc.lock")["stages"]
    assert {name.split("@")[0] for name in locked} <= {stage.name for stage in stages()}, "take them out of dvc.lock"


def test_signs_with_a_meaning_are_kept() -> None:
    stage = stages()[0]
    object.__setattr__(stage, "description", "one: two, #three → 'four' \"five\"")
    object.__setattr__(
        stage,
        "writes",
        (Output("data/a, b.txt", "plots", {"cache": False, "x": "a: b"}, {"data/a/b": {"x": "st, ep"}}), Output("c")),
    )
    read = YAML(typ="safe", pure=True).load(dvc_yaml([stage]))
    entry = read["stages"][stage.name]
    assert entry["desc"] == stage.description
    assert entry["plots"] == [{"data/a, b.txt": {"cache": False, "x": "a: b"}}]
    assert entry["outs"] == ["c"]
    assert read["plots"] == [{"data/a/b": {"x": "st, ep"}}]
