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
from sracl_core.ground.outside import shown_value
from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.model.description import AGAIN, ModelDescription, read_description, write_description
from sracl_core.params.train import BACKBONES, ModelParams


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
    told = ModelDescription(name, backbone.n_items, backbone.params.model_dump(), provenance, training)
    write_description(description, weights, told)


def load_backbone(weights: Path, description: Path, device: torch.device, *, allow: str | None = None) -> Backbone:
    """Return the stored backbone in eval mode on `device`.

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
        backbone = build_backbone(told.backbone, told.n_items, ModelParams.model_validate(told.model))
        state = load_file(weights)
        _require_same_kinds(backbone.state_dict(), state)
        backbone.load_state_dict(state)
    except (KeyError, TypeError, ValueError, ValidationError, RuntimeError, SafetensorError) as error:
        raise ArtifactError(f"{weights} and {description} don't make a model together: {error}. {AGAIN}") from None
    return backbone.to(device).eval()


def _require_same_kinds(expected: dict[str, Tensor], found: dict[str, Tensor]) -> None:
    """Raise ValueError where a weight is of another type or not finite: torch would copy it without a word."""
    for name, weight in found.items():
        if name in expected and weight.dtype != expected[name].dtype:
            raise ValueError(f"{name} is of type {weight.dtype}, expected {expected[name].dtype}")
        if weight.is_floating_point() and not weight.isfinite().all():
            raise ValueError(f"{name} holds values that are not finite")
