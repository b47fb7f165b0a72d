"""Small backbones of any kind, and the ways in which they are trained."""

from typing import Any

from sracl_core.commands.contract.world import modes_of
from sracl_core.model.backbone import BackboneParams, backbone_class
from sracl_core.params.backbone import BACKBONES

WAYS = [(mode, backbone) for backbone in BACKBONES for mode in modes_of(backbone)]


def sizes_of(name: str, **sizes: Any) -> BackboneParams:
    """The parameters of the backbone `name`, with those of `sizes` that it has."""
    params = backbone_class(name).Params
    return params.model_validate({size: value for size, value in sizes.items() if size in params.model_fields})
