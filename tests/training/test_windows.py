"""Prefixes that begin together share one pass, and each still has the state it has alone."""

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.training.windows import encode_prefixes
from tests.training.small import params

ITEMS = torch.tensor([3, 1, 4, 1, 5, 9, 2, 6])
BEGINS = torch.tensor([2, 0, 2, 2, 5, 0])
LASTS = torch.tensor([4, 0, 2, 4, 7, 3])


def tiny() -> Backbone:
    torch.manual_seed(0)
    return build_backbone("sasrec", 9, params().model)


def test_each_state_is_that_of_the_prefix_alone() -> None:
    backbone = tiny().double()
    found = encode_prefixes(backbone, ITEMS, BEGINS, LASTS)
    for state, begin, last in zip(found, BEGINS, LASTS, strict=True):
        torch.testing.assert_close(state, backbone(ITEMS[begin : last + 1][None])[0, -1])


def test_nothing_is_encoded_twice() -> None:
    backbone = tiny()
    embedded: list[Tensor] = []
    backbone.item_embedding.register_forward_pre_hook(lambda _, arguments: embedded.append(arguments[0]))
    encode_prefixes(backbone, ITEMS, BEGINS, LASTS)
    assert sorted(torch.cat(embedded).tolist()) == sorted([3, 1, 4, 1, 4, 1, 5, 9, 2, 6])
