"""The model: what evaluation will load is of this catalogue and of these parameters, and whole."""

from pathlib import Path
from typing import Any

import torch

from sracl_core.ground.outside import shown, shown_value
from sracl_core.leakage.shared.certificate import SHOWN, Check
from sracl_core.model.description import ModelDescription
from sracl_core.model.store import load_backbone
from sracl_core.params.reading.groups import plain_params
from sracl_core.params.train import TrainParams


def check_model(
    weights: Path, description: Path, described: ModelDescription, n_items: int, train: TrainParams
) -> Check:
    """Prove that the model is the backbone of `train` for the `n_items` items of the catalogue, and can be loaded.

    `described` is what `description` says (`read_description`). It is compared first: a backbone that `train` does not
    name is never imported. Raises ArtifactError when the weights make no such model or are not finite.
    """
    made_by = "train"
    what = "the model is the backbone of the parameters, and knows just the items of the catalogue."
    said = Check("model", 1, what, made_by)
    if described.n_items != n_items:
        said.refuse("another catalogue", [f"the model knows {described.n_items} items, the catalogue {n_items}"], 1)
    found = _choices(described.backbone, described.model, train)
    wanted = _choices(train.backbone_part, plain_params(train.backbone_params), train)
    other = [
        f"the model has {shown_value(found.get(name))}, {shown(name)} is {shown_value(wanted.get(name))}"
        for name in dict.fromkeys([*wanted, *found])
        if found.get(name) != wanted.get(name)
    ]
    if other:
        said.refuse("the model was made with other parameters", other[:SHOWN], len(other))
    backbone = load_backbone(weights, description, torch.device("cpu"), allow=train.backbone_part)
    numbers = sum(tensor.numel() for tensor in backbone.state_dict().values())
    return Check("model", numbers, f"{what.removesuffix('.')}; all its weights are there, and finite.", made_by)


def _choices(backbone: str, sizes: dict[str, Any], train: TrainParams) -> dict[str, Any]:
    return {"train.backbone": backbone} | {f"{train.backbone_place}.{name}": value for name, value in sizes.items()}
