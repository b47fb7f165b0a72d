"""Windows encoded together: each prefix has the state it has alone, and nothing is encoded twice."""

import pytest
import torch
from torch import Tensor

from sracl_core.batching.windows import Windows, no_windows, prefix_windows
from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.model.backbones.sasrec import SASRecParams

ITEMS = torch.tensor([3, 1, 4, 1, 5, 9, 2, 6])
BEGINS = torch.tensor([2, 0, 2, 2, 5, 0])
LASTS = torch.tensor([4, 0, 2, 4, 7, 3])


def tiny(positions: str) -> Backbone:
    torch.manual_seed(0)
    sizes = {"hidden": 8, "layers": 2, "heads": 2, "feed_forward": 16, "dropout": 0.0, "max_length": 6}
    return build_backbone("sasrec", 9, SASRecParams.model_validate(sizes | {"positions": positions}))


def windows_for(backbone: Backbone) -> Windows:
    return prefix_windows(ITEMS, BEGINS, LASTS, shared=backbone.reads_prefixes)


@pytest.mark.parametrize("positions", ["relative", "from_end"])
def test_each_state_is_that_of_the_prefix_alone(positions: str) -> None:
    backbone = tiny(positions).double()
    found = windows_for(backbone).encode(backbone)
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
    windows_for(backbone).encode(backbone)
    assert sorted(torch.cat(embedded).tolist()) == sorted(encoded)


@pytest.mark.parametrize("positions", ["relative", "from_end"])
def test_one_pass_over_two_sets_of_windows_is_a_pass_over_each(positions: str) -> None:
    backbone = tiny(positions).double()
    passes: list[Tensor] = []
    first, second = windows_for(backbone), Windows(ITEMS[:5], torch.tensor([2, 3]), torch.tensor([4, 1, 4]))
    expected = first.encode(backbone), second.encode(backbone)
    backbone.item_embedding.register_forward_pre_hook(lambda _, arguments: passes.append(arguments[0]))
    found = first.encode_with(second, backbone)
    assert len(passes) == 1
    for one, alone in zip(found, expected, strict=True):
        torch.testing.assert_close(one, alone)


def test_no_windows_beside_others_change_nothing() -> None:
    backbone = tiny("relative")
    windows, nothing = windows_for(backbone), no_windows(torch.device("cpu"))
    alone, empty = windows.encode(backbone), nothing.encode(backbone)
    assert empty.shape == (0, 8)
    for found, expected in (
        (windows.encode_with(nothing, backbone), (alone, empty)),
        (nothing.encode_with(windows, backbone), (empty, alone)),
        (nothing.encode_with(nothing, backbone), (empty, empty)),
    ):
        assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
