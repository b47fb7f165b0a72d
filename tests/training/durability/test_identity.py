"""The key of checkpoints covers all that decides how a training ends."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import sracl_core
from dag.source import ROOT, code_of
from sracl_core.artifacts.provenance import Provenance
from sracl_core.training.durability.identity import code_files, training_identity

ORIGIN = Provenance("train", "parameters", "inputs", "code")


def test_all_code_of_the_stage_is_covered() -> None:
    """Of `sracl_core`; the stage adds its own file. DVC's dependencies are worked out in the same way."""
    covered = {path.relative_to(ROOT).as_posix() for path in code_files()}
    needed = {name for name in code_of("stages.train") if name.startswith("sracl_core/")}
    assert needed <= covered
    assert not {name for name in covered if name.split("/")[1] in ("ingest", "profile", "embed", "commands")}


@pytest.mark.parametrize("changed", ["evaluation/ranking/metrics.py", "ragged.py", "model/backbones/sasrec.py"])
def test_a_changed_byte_of_code_changes_the_key(tmp_path: Path, changed: str) -> None:
    package = tmp_path / "sracl_core"
    shutil.copytree(Path(sracl_core.__path__[0]), package, ignore=shutil.ignore_patterns("__pycache__"))
    before = training_identity(ORIGIN, "cpu", 1, code_files(package))
    assert before == training_identity(ORIGIN, "cpu", 1, code_files())
    with (package / changed).open("a") as file:
        file.write("#")
    assert training_identity(ORIGIN, "cpu", 1, code_files(package)) != before


def test_inputs_and_machine_change_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {
        training_identity(ORIGIN, "cpu", 1, []),
        training_identity(ORIGIN, "cuda", 1, []),
        training_identity(ORIGIN, "cpu", 2, []),
        *(
            training_identity(replace(ORIGIN, **{field: "other"}), "cpu", 1, [])
            for field in ("params_digest", "source_digest", "code_digest")
        ),
    }
    monkeypatch.setattr("sracl_core.training.durability.identity.version", lambda name: f"another {name}")
    keys.add(training_identity(ORIGIN, "cpu", 1, []))
    assert len(keys) == 7
