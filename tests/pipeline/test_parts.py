"""A part from outside is code: a change of it runs the stages that use it, and no other."""

import re
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dag.source import ROOT
from sracl_core.artifacts.tables import list_size, read_provenance
from sracl_core.documents import read_json
from tests.pipeline.project import Project

ENCODER = {"embed": {"engine": "hashed", "engines": {"hashed": {"part": "own_parts.hashed:HashedWords", "salt": 0}}}}
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
    assert project.repro() == {"check", "own_vectors", *AFTER_EMBEDDING}
    assert project.repro() == set()
    assert not list(package.rglob("__pycache__"))
    artifacts = project.root / "data/artifacts"
    first = read_provenance(artifacts / "item_embeddings.parquet").code_digest
    assert first and not read_provenance(artifacts / "item_pool.parquet").code_digest

    code.write_text(code.read_text().replace("def _vector(self, word: str)", "def _vector(self, word: str = '')"))
    ran = project.repro()
    # Whoever reads the section reads what its class says of its parameters.
    assert {"embed@item", "embed@user", "certify_inputs"} <= ran <= AFTER_EMBEDDING | {"check", "own_vectors"}
    assert read_provenance(artifacts / "item_embeddings.parquet").code_digest != first
    (project.root / "unrelated.py").write_text("")
    assert project.repro() == set()


PAGE = ROOT / "docs/parts.md"
FILE = re.compile(r"^<!-- file: (?P<name>\S+) -->\n```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
YAML_BLOCK = re.compile(r"^```yaml\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def page_files() -> dict[str, str]:
    """The code of each file on the page, by its name."""
    return {found["name"]: found["code"] for found in FILE.finditer(PAGE.read_text(encoding="utf-8"))}


@pytest.mark.slow
def test_the_parts_of_the_docs(finished_project: Project, tmp_path: Path) -> None:
    project = finished_project.copy(tmp_path / "project")
    files = page_files()
    assert set(files) == {f"my_parts/{name}.py" for name in ("decay", "titled", "two_passes", "hinge", "words")}
    for name, code in files.items():
        assert len(code.splitlines()) < 40
        (project.root / name).parent.mkdir(exist_ok=True)
        (project.root / name).write_text(code)
    (settings,) = (
        YAML(typ="safe").load(found["text"]) for found in YAML_BLOCK.finditer(PAGE.read_text(encoding="utf-8"))
    )
    project.set(settings)
    assert project.repro() == {"check", "own_vectors", *AFTER_EMBEDDING}
    described = read_json(project.root / "data/artifacts/model.json")
    assert described["backbone"] == "my_parts.decay:Decay"
    assert described["model"]["decay"] == 0.8 and "part" not in described["model"]
    history = (project.root / "data/artifacts/history/plots/metrics/loss/two_passes.tsv").read_text()
    assert len(history.splitlines()) > 1

    sasrec = YAML(typ="safe").load(project.root / "params.yaml")["train"]["backbones"]["sasrec"]
    titled = {"part": "my_parts.titled:Titled", **sasrec}
    project.set({"train": {"backbone": "titled", "backbones": {"titled": titled}}})
    assert project.repro("certify_training") == {"check", "train", "certify_training"}
    begun = read_json(project.root / "data/artifacts/model.json")
    dimension = list_size(project.root / "data/artifacts/item_embeddings.parquet", "embedding")
    assert (begun["backbone"], begun["text_dimension"]) == ("my_parts.titled:Titled", dimension)
    assert "text_dimension" not in described
    assert begun["provenance"]["source_digest"] != described["provenance"]["source_digest"]

    project.set(
        {
            "train": {
                "backbone": "decay",
                "backbones": {"decay": {"decay": 2.0}},
                "objectives": {"two_passes": {"wait": 1}},
            }
        }
    )
    told = project.run("dvc", "repro", fails=True)
    assert "train.backbones.decay.decay: expected at most 1, got 2.0" in told
    assert (
        "train.objectives.two_passes.wait: unknown parameter; did you mean train.objectives.two_passes.weight?" in told
    )
