"""A trained backbone on disk: weights as safetensors beside a JSON description, never a pickle."""

from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.writing import atomic_path
from sracl_core.ground.errors import ArtifactError, ModelError
from sracl_core.ground.faults import is_shortage
from sracl_core.ground.outside import shown, shown_value
from sracl_core.model.backbone import Backbone, backbone_class, build_backbone
from sracl_core.model.description import AGAIN, ModelDescription, read_description, write_description
from sracl_core.params.backbone import BACKBONES
from sracl_core.params.reading.groups import plain_params


def save_backbone(
    weights: Path,
    description: Path,
    *,
    name: str,
    backbone: Backbone,
    state: dict[str, Tensor],
    training: dict[str, Any],
    provenance: Provenance,
) -> None:
    """Write `state` (the weights to keep, e.g. of the best epoch) and what is needed to build `backbone` again.

    `training` is told along in the description: which epoch, which validation metrics; so is the `provenance`.
    """
    with atomic_path(weights) as temporary:
        save_file({key: value.contiguous().cpu() for key, value in state.items()}, temporary)
    told = ModelDescription(
        name, backbone.n_items, plain_params(backbone.params), provenance, training, backbone.text_dimension
    )
    write_description(description, weights, told)


def load_backbone(weights: Path, description: Path, device: torch.device, *, allow: str | None = None) -> Backbone:
    """Return the stored backbone in eval mode on `device`; text vectors that it was built with are not needed again.

    A description is data, and may name a backbone that comes with the project alone, or just the one from outside that
    `allow` names (`package.module:Name`, as `train.backbone` has it): nothing else is imported. Raises ArtifactError
    when a file is missing, damaged, or the two don't belong together, and ModelError when the backbone is not allowed.
    """
    told = read_description(description, weights)
    if told.backbone not in BACKBONES and told.backbone != allow:
        raise ModelError(
            f"{description} names the backbone {shown_value(told.backbone)}, which does not come with the project. Set "
            "train.backbone to it (in Python: allow=) if you know that code; loading it runs it."
        )
    try:
        found = backbone_class(told.backbone)
        params = found.Params.model_validate(told.model)
        state = load_file(weights)
        _require_size(state, told.n_items, params.hidden)  # first: sizes that are told can ask for any memory
        backbone = build_backbone(told.backbone, told.n_items, params, _in_place_of_text(found, told))
        _require_same_kinds(backbone.state_dict(), state)
        backbone.load_state_dict(state)
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        if is_shortage(error):
            raise
        raise ArtifactError(
            f"{weights} and {description} don't make a model together: {_told(error)}. {AGAIN}"
        ) from None
    return backbone.to(device).eval()


def _told(error: Exception) -> str:
    """What is wrong, in one line: the libraries write several."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
    first, *others = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return shown(f"{first} {others[0]}" if others and first.endswith(":") else first).rstrip(".")


def _in_place_of_text(found: type[Backbone], told: ModelDescription) -> Tensor | None:
    """Zeros of the shape of the text vectors that a model was built with, which its weights' file makes good.

    Raises ValueError where the description has their dimension, and the backbone uses none, or the other way round.
    """
    if found.uses_text_vectors and told.text_dimension is None:
        raise ValueError(f"the backbone {told.backbone} uses text vectors, and no text_dimension is told")
    if told.text_dimension is None:
        return None
    if not found.uses_text_vectors:
        raise ValueError(
            f"text_dimension {told.text_dimension} is told, and the backbone {told.backbone} uses no text vectors"
        )
    return torch.zeros(told.n_items, told.text_dimension)


def _require_size(state: dict[str, Tensor], n_items: int, hidden: int) -> None:
    """Raise ValueError where the item vectors are not those of so many items of dimension `hidden`."""
    vectors = state.get("item_embedding.weight")
    if vectors is not None and vectors.shape != (n_items + 1, hidden):
        raise ValueError(
            f"{n_items} items of dimension {hidden} are told, the weights have vectors of shape {list(vectors.shape)}"
        )


def _require_same_kinds(expected: dict[str, Tensor], found: dict[str, Tensor]) -> None:
    """Raise ValueError where a weight is of another type or not finite: torch would copy it without a word."""
    for name, weight in found.items():
        if name in expected and weight.dtype != expected[name].dtype:
            raise ValueError(f"{name} is of type {weight.dtype}, expected {expected[name].dtype}")
        if weight.is_floating_point() and not weight.isfinite().all():
            raise ValueError(f"{name} holds values that are not finite")
