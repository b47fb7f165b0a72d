"""Prefixes that begin together share one pass, and each still has the state it has alone."""

import pytest
import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.params.train import ModelParams
from sracl_core.training.windows import encode_prefixes

ITEMS = torch.tensor([3, 1, 4, 1, 5, 9, 2, 6])
BEGINS = torch.tensor([2, 0, 2, 2, 5, 0])
LASTS = torch.tensor([4, 0, 2, 4, 7, 3])


def tiny(positions: str) -> Backbone:
    torch.manual_seed(0)
    sizes = {"hidden": 8, "layers": 2, "heads": 2, "feed_forward": 16, "dropout": 0.0, "max_length": 6}
    return build_backbone("sasrec", 9, ModelParams.model_validate(sizes | {"positions": positions}))


@pytest.mark.parametrize("positions", ["relative", "from_end"])
def test_each_state_is_that_of_the_prefix_alone(positions: str) -> None:
    backbone = tiny(positions).double()
    found = encode_prefixes(backbone, ITEMS, BEGINS, LASTS)
    for state, begin, last in zip(found, BEGINS, LASTS, strict=True):
        torch.testing.assert_close(state, backbone(ITEMS[begin : last + 1][None])[0, -1])


@pytest.mark.parametrize(
    ("positions", "encoded"),
    [
        ("relative", [3, 1, 4, 1, 4, 1, 5, 9, 2, 6]),
        ("from_end", [3, 3, 1, 4, 1, 4, 4, 1, 5, 9, 2, 6]),  # two prefixes that begin together have a pass each
    ],
)
def test_nothing_is_encoded_twice(positions: str, encoded: list[int]) -> None:
    backbone = tiny(positions)
    embedded: list[Tensor] = []
    backbone.item_embedding.register_forward_pre_hook(lambda _, arguments: embedded.append(arguments[0]))
    encode_prefixes(backbone, ITEMS, BEGINS, LASTS)
    assert sorted(torch.cat(embedded).tolist()) == sorted(encoded)
