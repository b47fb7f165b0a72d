"""SASRec is the function its equations say."""

import torch
from torch.nn import functional as F

from sracl_core.model.backbone import build_backbone
from sracl_core.model.backbones.sasrec import SASRec
from sracl_core.params.train import ModelParams


def test_equals_the_equations_written_out() -> None:
    torch.manual_seed(0)
    params = ModelParams(hidden=8, layers=2, heads=2, feed_forward=16, dropout=0.0, max_length=12)
    backbone = build_backbone("sasrec", 20, params)
    assert isinstance(backbone, SASRec)
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
