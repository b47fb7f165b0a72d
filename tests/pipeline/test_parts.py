"""A part from outside is code: a change of it runs the stages that use it, and no other."""

import shutil
from pathlib import Path

import pytest

from dag.source import ROOT
from sracl_core.artifacts.tables import read_provenance
from tests.pipeline.project import Project

ENCODER = {"embed": {"engine": "own_parts.hashed:HashedWords"}}
AFTER_EMBEDDING = {
    *("embed@item", "embed@user", "index@item", "index@user", "mine_items", "mine_users"),
    *("certify_inputs", "train", "certify_training", "evaluate"),
}


@pytest.mark.slow
def test_an_encoder_of_ones_own(finished_project: Project, tmp_path: Path) -> None:
    project = finished_project.copy(tmp_path / "project")
    package = project.root / "own_parts"
    package.mkdir()
    code = package / "hashed.py"
    shutil.copy(ROOT / "tests/hashed_words.py", code)
    project.set(ENCODER)
    told = project.run("dvc", "repro", fails=True)
    assert "parts.encoder: embed.engine is own_parts.hashed:HashedWords, whose code lies in" in told
    assert "write own_parts, so that" in told

    project.set({"parts": {"encoder": "own_parts"}})
    assert project.repro() == {"check", *AFTER_EMBEDDING}
    assert project.repro() == set()
    assert not list(package.rglob("__pycache__"))
    artifacts = project.root / "data/artifacts"
    first = read_provenance(artifacts / "item_embeddings.parquet").code_digest
    assert first and not read_provenance(artifacts / "item_pool.parquet").code_digest

    code.write_text(code.read_text().replace("def _vector(word: str)", "def _vector(word: str = '')"))
    ran = project.repro()
    assert {"embed@item", "embed@user", "certify_inputs"} <= ran <= AFTER_EMBEDDING
    assert read_provenance(artifacts / "item_embeddings.parquet").code_digest != first
    (project.root / "unrelated.py").write_text("")
    assert project.repro() == set()
