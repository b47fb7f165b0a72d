"""Small backbones of any kind."""

from typing import Any

from sracl_core.model.backbone import BackboneParams, backbone_class


def sizes_of(name: str, **sizes: Any) -> BackboneParams:
    """The parameters of the backbone `name`, with those of `sizes` that it has."""
    params = backbone_class(name).Params
    return params.model_validate({size: value for size, value in sizes.items() if size in params.model_fields})
