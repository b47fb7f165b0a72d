"""SASRec is the function its equations say."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from sracl_core.model.backbone import build_backbone
from sracl_core.model.backbones.sasrec import SASRec
from sracl_core.model.packed import Buckets
from sracl_core.params.train import ModelParams

ITEMS = [3, 7, 2, 9]


def tiny(positions: str, dropout: float = 0.0) -> SASRec:
    torch.manual_seed(0)
    sizes = {"hidden": 8, "layers": 2, "heads": 2, "feed_forward": 16, "dropout": dropout, "max_length": 12}
    backbone = build_backbone("sasrec", 20, ModelParams.model_validate(sizes | {"positions": positions}))
    assert isinstance(backbone, SASRec)
    with torch.no_grad():  # so large that a place mistaken for another shows
        for name, weight in backbone.named_parameters():
            if "distance_bias" in name or "position_embedding" in name:
                weight.normal_()
    return backbone


@pytest.mark.parametrize("positions", ["relative", "from_start", "from_end"])
def test_equals_the_equations_written_out(positions: str) -> None:
    backbone = tiny(positions)
    vectors = backbone.item_embedding.weight[ITEMS]
    if backbone.position_embedding is not None:
        places = [0, 1, 2, 3] if positions == "from_start" else [3, 2, 1, 0]
        vectors = vectors + backbone.position_embedding.weight[places]
    x = F.layer_norm(vectors, (8,), backbone.input_norm.weight, backbone.input_norm.bias, 1e-12)
    for layer in backbone.layers:
        q, k, v = layer.query_key_value(x).chunk(3, dim=1)
        heads = []
        for number, head in enumerate((slice(0, 4), slice(4, 8))):
            scores = q[:, head] @ k[:, head].T / 4**0.5
            for place in range(4):
                for other in range(4):
                    if positions == "relative" and other <= place:
                        scores[place, other] += layer.distance_bias.weight[place - other, number]
            scores = scores.masked_fill(torch.ones(4, 4).triu(1).bool(), float("-inf"))
            heads.append(scores.softmax(1) @ v[:, head])
        x = layer.attention_norm(x + layer.output(torch.cat(heads, 1)))
        x = layer.feed_forward_norm(x + layer.narrow(F.gelu(layer.widen(x))))
    torch.testing.assert_close(backbone(torch.tensor([ITEMS]))[0], x)


@pytest.mark.parametrize("positions", ["relative", "from_start", "from_end"])
def test_attention_with_dropout_is_the_same_function(positions: str) -> None:
    # A dropout of next to nothing takes the way of training with dropout, and drops nothing.
    plain, dropping = tiny(positions), tiny(positions, dropout=1e-9)
    items = torch.tensor([ITEMS])
    torch.testing.assert_close(dropping.train()(items), plain(items))


@pytest.mark.parametrize("positions", ["relative", "from_start", "from_end"])
@settings(max_examples=20, deadline=None)
@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=9), data=st.data())
def test_packed_layers_are_the_layers_with_gradient(positions: str, lengths: list[int], data: st.DataObject) -> None:
    """The way of a CPU against that of a GPU, with torch's own attention."""
    backbone = tiny(positions).double()
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


def test_only_counting_back_makes_a_state_depend_on_what_follows() -> None:
    whole, alone = torch.tensor([ITEMS]), torch.tensor([ITEMS[:2]])
    for positions, same in (("relative", True), ("from_start", True), ("from_end", False)):
        backbone = tiny(positions)
        assert torch.allclose(backbone(whole)[0, 1], backbone(alone)[0, 1], atol=1e-6) is same
