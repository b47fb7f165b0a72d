"""SASRec is the function its equations say."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from sracl_core.model.backbone import build_backbone
from sracl_core.model.backbones.sasrec import SASRec, SASRecParams
from sracl_core.model.packed import Buckets

ITEMS = [3, 7, 2, 9]


each_arrangement = pytest.mark.parametrize("arrangement", ["original", "post_norm"])
each_way_of_order = pytest.mark.parametrize("positions", ["relative", "from_start", "from_end"])


def tiny(positions: str, arrangement: str, dropout: float = 0.0) -> SASRec:
    torch.manual_seed(0)
    sizes = {"hidden": 8, "layers": 2, "heads": 2, "feed_forward": 16, "dropout": dropout, "max_length": 12}
    chosen = {"positions": positions, "arrangement": arrangement}
    backbone = build_backbone("sasrec", 20, SASRecParams.model_validate(sizes | chosen))
    assert isinstance(backbone, SASRec)
    with torch.no_grad():  # so large that a place, or a norm, mistaken for another shows
        for name, weight in backbone.named_parameters():
            if "distance_bias" in name or "position_embedding" in name or "norm" in name:
                weight.normal_()
    return backbone


def normed(x: torch.Tensor, norm: torch.nn.LayerNorm) -> torch.Tensor:
    return F.layer_norm(x, (8,), norm.weight, norm.bias, 1e-12)


@each_arrangement
@each_way_of_order
def test_equals_the_equations_written_out(positions: str, arrangement: str) -> None:
    backbone = tiny(positions, arrangement)
    original = arrangement == "original"
    vectors = backbone.item_embedding.weight[ITEMS]
    if backbone.position_embedding is not None:
        places = [0, 1, 2, 3] if positions == "from_start" else [3, 2, 1, 0]
        vectors = vectors + backbone.position_embedding.weight[places]
    x = vectors if original else normed(vectors, backbone.input_norm)
    for layer in backbone.layers:
        asking = normed(x, layer.attention_norm) if original else x
        q = layer.query_key_value(asking)[:, :8]
        k, v = layer.query_key_value(x)[:, 8:].chunk(2, dim=1)
        heads = []
        for number, head in enumerate((slice(0, 4), slice(4, 8))):
            scores = q[:, head] @ k[:, head].T / 4**0.5
            for place in range(4):
                for other in range(4):
                    if positions == "relative" and other <= place:
                        scores[place, other] += layer.distance_bias.weight[place - other, number]
            scores = scores.masked_fill(torch.ones(4, 4).triu(1).bool(), float("-inf"))
            heads.append(scores.softmax(1) @ v[:, head])
        x = asking + layer.output(torch.cat(heads, 1))
        if original:
            x = normed(x, layer.feed_forward_norm)
            x = x + layer.narrow(F.relu(layer.widen(x)))
        else:
            x = normed(x, layer.attention_norm)
            x = normed(x + layer.narrow(F.gelu(layer.widen(x))), layer.feed_forward_norm)
    x = normed(x, backbone.output_norm) if original else x
    torch.testing.assert_close(backbone(torch.tensor([ITEMS]))[0], x)


@each_arrangement
@each_way_of_order
def test_attention_with_dropout_is_the_same_function(positions: str, arrangement: str) -> None:
    # A dropout of next to nothing takes the way of training with dropout, and drops nothing.
    plain, dropping = tiny(positions, arrangement), tiny(positions, arrangement, dropout=1e-9)
    items = torch.tensor([ITEMS])
    torch.testing.assert_close(dropping.train()(items), plain(items))


@each_arrangement
@each_way_of_order
@settings(max_examples=20, deadline=None)
@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=9), data=st.data())
def test_packed_layers_are_the_layers_with_gradient(
    positions: str, arrangement: str, lengths: list[int], data: st.DataObject
) -> None:
    """The way of a CPU against that of a GPU, with torch's own attention."""
    backbone = tiny(positions, arrangement).double()
    states = torch.randn(sum(lengths), 8, dtype=torch.float64, requires_grad=True)
    places = st.integers(0, len(states) - 1)
    asked = torch.tensor(data.draw(st.just(list(range(len(states)))) | st.lists(places, min_size=1, max_size=9)))
    buckets = Buckets(torch.tensor(lengths))
    found = [through(states, buckets, asked) for through in (backbone._through_packed_layers, backbone._through_layers)]
    factor = torch.randn(found[0].shape, dtype=torch.float64)
    weights = [states, *backbone.layers.parameters()]
    gradients = [torch.autograd.grad((one * factor).sum(), weights) for one in found]
    for ours, plain in zip((found[0], *gradients[0]), (found[1], *gradients[1]), strict=True):
        torch.testing.assert_close(ours, plain)


@each_arrangement
def test_only_counting_back_makes_a_state_depend_on_what_follows(arrangement: str) -> None:
    whole, alone = torch.tensor([ITEMS]), torch.tensor([ITEMS[:2]])
    for positions, same in (("relative", True), ("from_start", True), ("from_end", False)):
        backbone = tiny(positions, arrangement)
        assert torch.allclose(backbone(whole)[0, 1], backbone(alone)[0, 1], atol=1e-6) is same
