"""BERT4Rec is the function its equations say, written out place by place."""

import torch
from torch import Tensor
from torch.nn import functional as F

from sracl_core.model.backbones.bert4rec import BERT4Rec
from tests.model.backbones.plain import assert_is, fed_forward, in_double, normed

ITEMS = [3, 7, 2, 9]


def tiny() -> BERT4Rec:
    backbone = in_double("bert4rec")
    assert isinstance(backbone, BERT4Rec)
    return backbone


def plain(backbone: BERT4Rec, items: list[int]) -> Tensor:
    """The states at the places after each item, of the window with its mask."""
    tokens = [backbone.item_embedding.weight[item] if item else backbone.mask for item in [*items, 0]]
    vectors = torch.stack([token + backbone.position_embedding.weight[place] for place, token in enumerate(tokens)])
    x = normed(vectors, backbone.input_norm, 1e-12)
    for layer in backbone.layers:
        q, k, v = layer.query_key_value(x).chunk(3, dim=1)
        rows = []
        for place in range(len(x)):
            heads = []
            for head in (slice(0, 4), slice(4, 8)):
                weights = torch.stack([(q[place, head] @ key[head] / 4**0.5).exp() for key in k])
                heads.append((weights / weights.sum()) @ v[:, head])
            rows.append(torch.cat(heads))
        x = fed_forward(normed(x + layer.output(torch.stack(rows)), layer.attention_norm, 1e-12), layer)
    return normed(F.gelu(backbone.output(x)), backbone.output_norm, 1e-12)[1:]


def test_equals_the_equations_written_out() -> None:
    backbone = tiny()
    assert_is(backbone, lambda items: plain(backbone, items), ITEMS)


def test_a_masked_item_is_the_token_that_stands_for_the_next_one() -> None:
    backbone = tiny()
    assert_is(backbone, lambda items: plain(backbone, items), [3, 0, 2, 9])


def test_a_full_window_has_a_place_for_the_mask() -> None:
    backbone = tiny()
    assert_is(backbone, lambda items: plain(backbone, items), list(range(1, 13)))


def test_the_state_of_a_prefix_sees_all_of_it_and_nothing_else() -> None:
    backbone = tiny()
    states = backbone(torch.tensor([ITEMS, [5, *ITEMS[1:]], [*ITEMS[:3], 0]]))
    assert not torch.allclose(states[0, 3], states[1, 3])
    torch.testing.assert_close(states[2, 2], plain(backbone, ITEMS[:3])[-1])


def test_attention_with_dropout_is_the_same_function() -> None:
    # A dropout of next to nothing takes the way of training with dropout, and drops nothing.
    backbone, items = tiny(), torch.tensor([ITEMS])
    expected = backbone(items)
    for module in backbone.modules():
        if hasattr(module, "rate"):
            module.rate = 1e-9
    torch.testing.assert_close(backbone.train()(items), expected)
