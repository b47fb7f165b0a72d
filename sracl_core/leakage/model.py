"""The model: what evaluation will load is of this catalogue, and whole."""

from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from sracl_core.errors import ArtifactError
from sracl_core.leakage.certificate import SHOWN, Check
from sracl_core.model.description import AGAIN, ModelDescription
from sracl_core.outside import shown, shown_value
from sracl_core.params.train import TrainParams


def check_model(weights: Path, described: ModelDescription, n_items: int, train: TrainParams) -> Check:
    """Prove that the model is the backbone of `train` for the `n_items` items of the catalogue, in finite float32.

    The digest of `weights` must be proven already (`read_description`). Raises ArtifactError when they cannot be read.
    """
    tensors = _read(weights)
    what = (
        "the model is the backbone of the parameters, it knows just the items of the catalogue, and its weights are "
        "finite numbers in float32."
    )
    check = Check("model", sum(tensor.size for tensor in tensors.values()), what, made_by="train")
    if described.n_items != n_items:
        check.refuse("another catalogue", [f"the model knows {described.n_items} items, the catalogue {n_items}"], 1)
    found, wanted = _choices(described.backbone, described.model), _choices(train.backbone, train.model.model_dump())
    other = [
        f"the model has {shown_value(found.get(name))}, {shown(name)} is {shown_value(wanted.get(name))}"
        for name in dict.fromkeys([*wanted, *found])
        if found.get(name) != wanted.get(name)
    ]
    if other:
        check.refuse("the model was made with other parameters", other[:SHOWN], len(other))
    wrong = [
        f"{name}: type {tensor.dtype}" if tensor.dtype != np.float32 else f"{name}: values that are not finite"
        for name, tensor in tensors.items()
        if tensor.dtype.kind not in "iub" and not (tensor.dtype == np.float32 and np.isfinite(tensor).all())
    ]
    if wrong:
        check.refuse("weights that training does not write", wrong, len(wrong))
    return check


def _choices(backbone: str, model: dict[str, Any]) -> dict[str, Any]:
    return {"train.backbone": backbone} | {f"train.model.{name}": value for name, value in model.items()}


def _read(weights: Path) -> dict[str, np.ndarray]:
    try:
        with safe_open(weights, "np") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (OSError, SafetensorError, TypeError, KeyError, ValueError) as error:
        raise ArtifactError(f"{weights} cannot be read as weights: {error}. {AGAIN}") from None
