"""Stage train as DVC runs it: with a backbone that is built with text vectors, and the history on a full disk."""

from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML

from sracl_core.artifacts.tables import read_provenance, write_table
from sracl_core.documents import read_json
from sracl_core.model.store import load_backbone
from sracl_core.vectors import read_embeddings
from tests.hashed_words import DIMENSION
from tests.leakage.world import clean_world
from tests.small_disk import run_on_small_disk
from tests.stages.test_certify import clean_folder, put, stage

FED = "tests.model.text_fed:Fed"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Certified inputs, and parameters of a short plain training of `Fed`."""
    put(clean_world(), clean_folder(tmp_path))
    editor, path = YAML(), tmp_path / "params.yaml"
    params = editor.load(path)
    sizes = dict(params["train"]["backbones"]["gru4rec"]) | {"part": FED, "hidden": 8, "max_length": 6}
    params["train"] |= {"backbone": "mine", "objective": "plain", "max_epochs": 1}
    params["train"]["backbones"]["mine"] = sizes
    editor.dump(params, path)
    assert stage("certify_inputs", tmp_path).returncode == 0
    return tmp_path


def test_text_vectors_are_certified_trained_on_and_kept(folder: Path) -> None:
    artifacts = folder / "data/artifacts"
    weights, description, embeddings = (
        artifacts / name for name in ("model.safetensors", "model.json", "item_embeddings.parquet")
    )
    done = stage("train", folder)
    assert done.returncode == 0, done.stderr
    assert read_json(description)["text_dimension"] == DIMENSION
    done = stage("certify_training", folder)
    assert done.returncode == 0, done.stderr

    vectors = read_embeddings(embeddings)[1]
    world = clean_world()["item_embeddings"]
    write_table(embeddings, world.slice(0, len(world) - 1), world.schema, read_provenance(embeddings))
    done = stage("train", folder)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "item_embeddings.parquet is not the file that" in done.stderr

    embeddings.unlink()  # a model needs them no more
    loaded = load_backbone(weights, description, torch.device("cpu"), allow=FED)
    assert torch.equal(loaded.state_dict()["text"], torch.tensor(vectors))


PROGRAM = """
import sys
from contextlib import ExitStack
from pathlib import Path
from sracl_core.ground.errors import StorageError
from sracl_core.training.epoch import Epoch
from stages.train import _written_to
folder = Path(sys.argv[1])
try:
    with ExitStack() as stack:
        log = stack.enter_context(_written_to(folder / "history"))
        for number in range(1, 3):
            log(Epoch(number, {"total": 0.5}, {"hr@20": 0.25}, best=True))
        print("begun:", sorted(path.name for path in folder.rglob("*.tsv")))
        with (folder / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass
except OSError:
    pass
try:
    with _written_to(folder / "history") as log:
        for number in range(3, 1000):
            log(Epoch(number, {"total": 0.5}, {"hr@20": 0.25}, best=True))
    print("written")
except StorageError as error:
    print(error)
    print("left:", sorted(path.name for path in folder.iterdir()))
"""


def test_a_history_that_finds_no_space_is_told_as_other_files_are_and_not_left_by_halves(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    done = run_on_small_disk(folder, "2m", PROGRAM, str(folder), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    begun, told, left = done.stdout.splitlines()
    assert begun == "begun: ['hr@20.tsv', 'total.tsv']"
    assert told.startswith(f"{folder}/history could not be written to: its disk is full") and " free in " in told
    assert told.endswith("Remove what is not needed there. Then run the same again.")
    assert left == "left: ['filler']"
