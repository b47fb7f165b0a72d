"""GRU4Rec is the function its equations say."""

import torch

from sracl_core.model.backbone import build_backbone
from sracl_core.model.backbones.gru4rec import GRU4Rec, GRU4RecParams


def test_equals_the_equations_written_out() -> None:
    torch.manual_seed(0)
    params = GRU4RecParams(hidden=8, layers=2, dropout=0.0, max_length=12)
    backbone = build_backbone("gru4rec", 20, params)
    assert isinstance(backbone, GRU4Rec)
    items = [3, 7, 2, 9]
    inputs = backbone.item_embedding.weight[items]
    for layer in range(2):
        wi, wh, bi, bh = (getattr(backbone.recurrent, f"{part}_l{layer}") for part in
                          ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))  # fmt: skip
        h, states = torch.zeros(8), []
        for x in inputs:
            (reset_x, update_x, new_x), (reset_h, update_h, new_h) = (wi @ x + bi).chunk(3), (wh @ h + bh).chunk(3)
            update = torch.sigmoid(update_x + update_h)
            proposal = torch.tanh(new_x + torch.sigmoid(reset_x + reset_h) * new_h)
            h = (1 - update) * proposal + update * h
            states.append(h)
        inputs = torch.stack(states)
    expected = inputs @ backbone.output.weight.T + backbone.output.bias
    torch.testing.assert_close(backbone(torch.tensor([items]))[0], expected)
