"""A model on disk: what comes back is what was saved, and damage is told clearly."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from sracl_core.artifacts.provenance import Provenance
from sracl_core.documents import read_json, write_sealed
from sracl_core.ground.errors import ArtifactError, ModelError
from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.model.backbones.gru4rec import GRU4RecParams
from sracl_core.model.backbones.sasrec import SASRecParams
from sracl_core.model.description import read_description, write_description
from sracl_core.model.store import load_backbone, save_backbone

CPU = torch.device("cpu")
HERE = Provenance("train", "parameters", "inputs")


def save(folder: Path) -> tuple[Backbone, Path, Path]:
    torch.manual_seed(0)
    params = SASRecParams(hidden=8, layers=1, heads=2, feed_forward=16, dropout=0.1, max_length=6)
    backbone = build_backbone("sasrec", 9, params)
    weights, description = folder / "model.safetensors", folder / "model.json"
    save_backbone(
        weights,
        description,
        name="sasrec",
        backbone=backbone,
        state=backbone.state_dict(),
        training={"best_epoch": 3},
        provenance=HERE,
    )
    return backbone, weights, description


def test_round_trip(tmp_path: Path) -> None:
    saved, weights, description = save(tmp_path)
    loaded = load_backbone(weights, description, CPU)
    assert not loaded.training
    assert loaded.params == saved.params
    items = torch.tensor([[1, 5, 9]])
    assert torch.equal(loaded(items), saved.eval()(items))


def test_the_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, first, first_told = save(tmp_path / "a")
    _, second, second_told = save(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    assert first_told.read_bytes() == second_told.read_bytes()


def test_damage_is_told(tmp_path: Path) -> None:
    _, weights, description = save(tmp_path)
    whole = weights.read_bytes()
    flipped = bytearray(whole)
    flipped[-5] ^= 1  # a bit of a weight, which no reader of the format would miss
    for damaged in (whole[:100], bytes(flipped), b""):
        weights.write_bytes(damaged)
        with pytest.raises(ArtifactError, match=r"not the file that .*model\.json describes.*dvc repro train"):
            load_backbone(weights, description, CPU)
    weights.write_bytes(whole)
    told = description.read_text()
    description.write_text(told.replace('"n_items": 9', '"n_items": 10'))
    with pytest.raises(ArtifactError, match=r"changed by hand"):
        load_backbone(weights, description, CPU)
    write_sealed(description, {"format": 99})
    with pytest.raises(ArtifactError, match=r"format 99, expected 2"):
        load_backbone(weights, description, CPU)
    weights.unlink()
    description.write_text(told)
    with pytest.raises(ArtifactError, match=r"does not exist"):
        load_backbone(weights, description, CPU)


def test_what_does_not_fit_together_is_told(tmp_path: Path) -> None:
    """Sealed and digested, but of another kind than the backbone: torch itself would convert some of it unseen."""
    saved, weights, description = save(tmp_path)
    told = read_description(description, weights)
    for state, words in (
        ({name: weight.half() for name, weight in saved.state_dict().items()}, "float16, expected torch.float32"),
        ({name: weight * float("nan") for name, weight in saved.state_dict().items()}, "not finite"),
        (dict(list(saved.state_dict().items())[1:]), "Missing key"),
        ({name: weight[:-1] for name, weight in saved.state_dict().items()}, "9 items of dimension 8 are told"),
        ({**saved.state_dict(), "output_norm.bias": torch.zeros(7)}, "size mismatch"),
    ):
        save_file(state, weights)
        write_description(description, weights, told)
        with pytest.raises(ArtifactError, match=rf"don't make a model together: .*{words}") as caught:
            load_backbone(weights, description, CPU)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n_items": "9"}, "n_items is '9'"),
        ({"n_items": 9.0}, "n_items is 9.0"),
        ({"n_items": True}, "n_items is True"),
        ({"n_items": None}, "n_items is None"),
        ({"n_items": -1}, "n_items is -1"),
        ({"n_items": 2**31}, "n_items is 2147483648"),
        ({"n_items": 10**9}, "1000000000 items of dimension 8 are told"),
        ({"model": {"hidden": 0}}, "hidden: Input should be greater than or equal to 1"),
        ({"model": {"hidden": 8, "size": 3}}, "size: Extra inputs are not permitted"),
    ],
)
def test_what_describes_no_model_is_told_in_a_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    _, weights, description = save(tmp_path)
    write_description(description, weights, replace(read_description(description, weights), **change))
    with pytest.raises(ArtifactError) as caught:
        load_backbone(weights, description, CPU)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_description_brings_no_code_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it names is neither imported nor called, unless the caller allows just that."""
    _, weights, description = save(tmp_path)
    told = read_description(description, weights)
    (tmp_path / "trap.py").write_text("from pathlib import Path\nPath(__file__).with_name('sprung').touch()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("trap:Backbone", "os:system", "builtins:print", "nowhere", ""):
        write_description(description, weights, replace(told, backbone=name))
        with pytest.raises(ModelError, match=r"names the backbone .*, which does not come with the project"):
            load_backbone(weights, description, CPU)
    assert not (tmp_path / "sprung").exists()
    write_description(description, weights, replace(told, backbone="builtins:print"))
    with pytest.raises(ModelError, match=r"expected a subclass of .*Backbone"):
        load_backbone(weights, description, CPU, allow="builtins:print")
    own = "sracl_core.model.backbones.sasrec:SASRec"
    write_description(description, weights, replace(told, backbone=own))
    assert isinstance(load_backbone(weights, description, CPU, allow=own), Backbone)


FED = "tests.model.text_fed:Fed"


def save_text_fed(folder: Path, name: str = FED) -> tuple[Backbone, Path, Path]:
    torch.manual_seed(0)
    backbone = build_backbone(name, 9, GRU4RecParams(hidden=8, layers=1, max_length=6), torch.eye(9, 5))
    weights, description = folder / "model.safetensors", folder / "model.json"
    state = backbone.state_dict()
    save_backbone(weights, description, name=name, backbone=backbone, state=state, training={}, provenance=HERE)
    return backbone, weights, description


@pytest.mark.parametrize("name", [FED, "tests.model.text_fed:Begun"])
def test_a_model_built_with_text_vectors_comes_back_without_them(tmp_path: Path, name: str) -> None:
    saved, weights, description = save_text_fed(tmp_path, name)
    assert read_json(description)["text_dimension"] == 5
    loaded = load_backbone(weights, description, CPU, allow=name)
    assert loaded.text_dimension == 5
    items = torch.tensor([[1, 5, 9]])
    assert torch.equal(loaded(items), saved.eval()(items))
    assert torch.equal(loaded.item_vectors(), saved.item_vectors())


def test_a_model_without_text_vectors_says_nothing_of_them(tmp_path: Path) -> None:
    _, _, description = save(tmp_path)
    assert "text_dimension" not in read_json(description)


@pytest.mark.parametrize(
    ("dimension", "said"),
    [
        (None, f"the backbone {FED} uses text vectors, and no text_dimension is told"),
        (4, "size mismatch for text"),
        (0, "text_dimension is 0"),
        (2**16 + 1, "text_dimension is 65537"),
        ("5", "text_dimension is '5'"),
        (True, "text_dimension is True"),
    ],
)
def test_a_dimension_that_does_not_fit_is_told_in_a_line(tmp_path: Path, dimension: Any, said: str) -> None:
    _, weights, description = save_text_fed(tmp_path)
    told = read_description(description, weights)
    write_description(description, weights, replace(told, text_dimension=dimension))
    with pytest.raises(ArtifactError, match=r"dvc repro train") as caught:
        load_backbone(weights, description, CPU, allow=FED)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_dimension_for_a_backbone_that_uses_no_text_vectors_is_told(tmp_path: Path) -> None:
    _, weights, description = save(tmp_path)
    told = read_description(description, weights)
    write_description(description, weights, replace(told, text_dimension=5))
    said = "text_dimension 5 is told, and the backbone sasrec uses no text vectors"
    with pytest.raises(ArtifactError, match=f"don't make a model together: {said}"):
        load_backbone(weights, description, CPU)


def test_a_backbone_from_elsewhere_by_import_path() -> None:
    params = SASRecParams(hidden=8, layers=1, heads=2, feed_forward=16, dropout=0.1, max_length=6)
    assert isinstance(build_backbone("sracl_core.model.backbones.sasrec:SASRec", 5, params), Backbone)
    with pytest.raises(ModelError, match=r"package\.module:Name"):
        build_backbone("nowhere.to.be:Found", 5, params)
