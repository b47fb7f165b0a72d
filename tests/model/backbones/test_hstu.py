"""HSTU is the function its equations say, written out position by position."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from sracl_core.model.backbones.hstu import HSTU
from tests.model.backbones.plain import assert_is, in_double, normed, vectors_of


def tiny(max_length: int = 12) -> HSTU:
    backbone = in_double("hstu", max_length=max_length)
    assert isinstance(backbone, HSTU)
    return backbone


def plain(backbone: HSTU, items: list[int]) -> Tensor:
    x = vectors_of(backbone, items) * 8**0.5
    for layer in backbone.layers:
        u, v, q, k = F.silu(layer.gate_value_query_key(normed(x, layer.input_norm, 1e-6))).chunk(4, dim=1)
        rows = []
        for place in range(len(items)):
            heads = []
            for head in (slice(0, 4), slice(4, 8)):
                added = torch.zeros(4, dtype=x.dtype)
                for other in range(place + 1):
                    score = q[place, head] @ k[other, head] + layer.distance_bias.weight[place - other, 0]
                    added = added + score * torch.sigmoid(score) * v[other, head] / backbone.params.max_length
                heads.append(added)
            rows.append(torch.cat(heads))
        x = x + layer.output(normed(torch.stack(rows), layer.attention_norm, 1e-6) * u)
    return x


@pytest.mark.parametrize("items", [[3], [3, 7, 2, 9], [3, 0, 2, 2], list(range(1, 13))])
def test_equals_the_equations_written_out(items: list[int]) -> None:
    backbone = tiny()
    assert_is(backbone, lambda window: plain(backbone, window), items)


def test_nothing_is_divided_by_what_a_longer_pass_has_more_of() -> None:
    """The first states of ever longer windows are the same, whatever follows."""
    backbone = tiny()
    items = [3, 7, 2, 9, 4, 4, 1, 11, 5, 6, 8, 10]
    whole = backbone(torch.tensor([items]))[0]
    for length in range(1, 12):
        torch.testing.assert_close(backbone(torch.tensor([items[:length]]))[0], whole[:length])


def test_order_is_told_by_the_bias_alone() -> None:
    """What a layer adds up is the same in any order where no distance has a bias of its own."""
    backbone = in_double("hstu", layers=1)
    one, other = torch.tensor([[3, 7, 2, 9]]), torch.tensor([[7, 2, 3, 9]])
    assert not torch.allclose(backbone(one)[0, -1], backbone(other)[0, -1])
    with torch.no_grad():
        backbone.layers[0].distance_bias.weight.zero_()
    torch.testing.assert_close(backbone(one)[0, -1], backbone(other)[0, -1])
