"""SASRec: causal, blind to padding, and the function its equations say."""

import torch
from torch.nn import functional as F

from sracl_core.model.backbone import build_backbone
from sracl_core.model.backbones.sasrec import SASRec
from sracl_core.params.train import ModelParams


def tiny(dropout: float = 0.0) -> SASRec:
    torch.manual_seed(0)
    params = ModelParams(hidden=8, layers=2, heads=2, feed_forward=16, dropout=dropout, max_length=12)
    backbone = build_backbone("sasrec", 20, params)
    assert isinstance(backbone, SASRec)
    return backbone


def test_a_state_depends_on_earlier_items_alone() -> None:
    backbone = tiny()
    items = torch.tensor([[3, 7, 2, 9, 4]])
    changed = torch.tensor([[3, 7, 2, 11, 15]])
    before, after = backbone(items), backbone(changed)
    torch.testing.assert_close(before[:, :3], after[:, :3], rtol=0, atol=0)
    assert not torch.allclose(before[:, 3:], after[:, 3:])


def test_padding_on_the_right_changes_nothing() -> None:
    backbone = tiny()
    items = torch.tensor([[3, 7, 2]])
    padded = torch.tensor([[3, 7, 2, 0, 0]])
    torch.testing.assert_close(backbone(items), backbone(padded)[:, :3])


def test_equals_the_equations_written_out() -> None:
    backbone = tiny()
    items = [3, 7, 2, 9]
    x = F.layer_norm(
        backbone.item_embedding.weight[items] + backbone.position_embedding.weight[: len(items)],
        (8,),
        backbone.input_norm.weight,
        backbone.input_norm.bias,
        1e-12,
    )
    for layer in backbone.layers:
        q, k, v = layer.query_key_value(x).chunk(3, dim=1)
        heads = []
        for head in (slice(0, 4), slice(4, 8)):
            scores = q[:, head] @ k[:, head].T / 4**0.5
            scores = scores.masked_fill(torch.ones(4, 4).triu(1).bool(), float("-inf"))
            heads.append(scores.softmax(1) @ v[:, head])
        x = layer.attention_norm(x + layer.output(torch.cat(heads, 1)))
        x = layer.feed_forward_norm(x + layer.narrow(F.gelu(layer.widen(x))))
    torch.testing.assert_close(backbone(torch.tensor([items]))[0], x)


def test_padding_row_is_zero_and_gets_no_gradient() -> None:
    backbone = tiny()
    assert backbone.item_embedding.weight[0].abs().sum() == 0
    backbone(torch.tensor([[3, 0, 0]])).sum().backward()
    assert backbone.item_embedding.weight.grad is not None
    assert backbone.item_embedding.weight.grad[0].abs().sum() == 0


def test_dropout_is_off_in_eval_mode() -> None:
    backbone = tiny(dropout=0.5)
    items = torch.tensor([[3, 7, 2]])
    assert not torch.equal(backbone(items), backbone(items))
    backbone.eval()
    assert torch.equal(backbone(items), backbone(items))
