"""A trained backbone on disk: weights as safetensors beside a JSON description, never a pickle."""

from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from sracl_core.artifacts.documents import read_json, write_json
from sracl_core.artifacts.writing import atomic_path
from sracl_core.errors import ArtifactError
from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.params.train import ModelParams

FORMAT = 1


def save_backbone(
    weights: Path,
    description: Path,
    *,
    name: str,
    backbone: Backbone,
    state: dict[str, torch.Tensor],
    training: dict[str, Any],
) -> None:
    """Write `state` (the weights to keep, e.g. of the best epoch) and what is needed to build `backbone` again.

    `training` is told along in the description: which epoch, which validation metrics.
    """
    with atomic_path(weights) as temporary:
        save_file({key: value.contiguous().cpu() for key, value in state.items()}, temporary)
    write_json(
        description,
        {
            "format": FORMAT,
            "backbone": name,
            "n_items": backbone.n_items,
            "model": backbone.params.model_dump(),
            "training": training,
        },
    )


def load_backbone(weights: Path, description: Path, device: torch.device) -> Backbone:
    """Return the stored backbone in eval mode on `device`.

    Raises ArtifactError when a file is missing, damaged, or the two don't belong together.
    """
    told = read_json(description)
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        found = told.get("format") if isinstance(told, dict) else type(told).__name__
        raise ArtifactError(
            f"{description} has model format {found}, expected {FORMAT}. Train again with `dvc repro train`."
        )
    try:
        backbone = build_backbone(told["backbone"], int(told["n_items"]), ModelParams.model_validate(told["model"]))
        backbone.load_state_dict(load_file(weights))
    except FileNotFoundError:
        raise ArtifactError(f"{weights} does not exist. Run `dvc repro train`, or `dvc pull` to fetch it.") from None
    except (KeyError, TypeError, ValueError, ValidationError, RuntimeError, SafetensorError) as error:
        raise ArtifactError(
            f"{weights} and {description} don't make a model together: {error}. Train again with `dvc repro train`."
        ) from None
    return backbone.to(device).eval()
