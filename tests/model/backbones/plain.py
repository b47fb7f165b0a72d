"""What the plain formulas of backbones share."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.model.backbone import Backbone, build_backbone
from tests.model.sizes import sizes_of


def in_double(name: str, n_items: int = 20, **sizes: int) -> Backbone:
    """A backbone whose weights are all so large that one mistaken for another shows."""
    torch.manual_seed(0)
    given = {"hidden": 8, "layers": 2, "heads": 2, "feed_forward": 16, "dropout": 0.0, "max_length": 12, **sizes}
    backbone = build_backbone(name, n_items, sizes_of(name, **given)).double()
    with torch.no_grad():
        for weight in backbone.parameters():
            weight.normal_(std=0.5)
        backbone.item_embedding.weight[0].zero_()
    return backbone


def vectors_of(backbone: Backbone, items: list[int]) -> Tensor:
    """The vectors of items; that of 0 is always zero."""
    return torch.stack([backbone.item_embedding.weight[item] * (item != 0) for item in items])


def normed(x: Tensor, norm: nn.LayerNorm, epsilon: float) -> Tensor:
    """Layer norm by its formula."""
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + epsilon).sqrt() * norm.weight + norm.bias


def fed_forward(x: Tensor, layer: nn.Module) -> Tensor:
    """A feed-forward network with GELU, the residual and a norm."""
    return normed(x + layer.narrow(F.gelu(layer.widen(x))), layer.feed_forward_norm, 1e-12)  # type: ignore[operator]


def assert_is(backbone: Backbone, plain: Callable[[list[int]], Tensor], items: list[int]) -> None:
    """The states of a window and their gradients are those of the `plain` formula."""
    found, expected = backbone(torch.tensor([items]))[0], plain(items)
    torch.testing.assert_close(found, expected)
    factor = torch.randn(expected.shape, dtype=expected.dtype)
    weights = list(backbone.parameters())
    gradients = [torch.autograd.grad((states * factor).sum(), weights) for states in (found, expected)]
    for (name, _), fast, slow in zip(backbone.named_parameters(), *gradients, strict=True):
        torch.testing.assert_close(fast, slow, msg=lambda told, name=name: f"{name}: {told}")
