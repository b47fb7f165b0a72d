"""Text vectors of items are for a backbone that uses them, and for no other; what does not fit is refused."""

import re

import pytest
import torch
from torch import Tensor

from sracl_core.ground.errors import ModelError
from sracl_core.model.backbone import MOST_DIMENSION, build_backbone
from sracl_core.model.backbones.gru4rec import GRU4RecParams
from tests.model.text_fed import Begun, Fed

N_ITEMS = 5
PARAMS = GRU4RecParams(hidden=4, layers=1, dropout=0.0, max_length=6)
FED = "tests.model.text_fed:Fed"


def test_a_backbone_is_built_with_them() -> None:
    text = torch.eye(N_ITEMS, 3)
    fed = build_backbone(FED, N_ITEMS, PARAMS, text)
    assert isinstance(fed, Fed) and torch.equal(fed.text, text)
    begun = build_backbone("tests.model.text_fed:Begun", N_ITEMS, PARAMS, text)
    assert isinstance(begun, Begun) and torch.equal(begun.item_vectors()[:, :3], 0.1 * text)
    assert (fed.text_dimension, begun.text_dimension) == (3, 3)


@pytest.mark.parametrize("text", [None, torch.eye(N_ITEMS), torch.eye(2).double()])
def test_a_backbone_that_uses_none_never_sees_them(text: Tensor | None) -> None:
    torch.manual_seed(0)
    backbone = build_backbone("gru4rec", N_ITEMS, PARAMS, text)
    torch.manual_seed(0)
    alone = build_backbone("gru4rec", N_ITEMS, PARAMS)
    assert backbone.text_dimension is None
    assert all(torch.equal(weight, alone.state_dict()[name]) for name, weight in backbone.state_dict().items())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "none were given"),
        (torch.zeros(N_ITEMS + 1, 3), "float32 [6, 3] were given"),
        (torch.zeros(N_ITEMS), "float32 [5] were given"),
        (torch.zeros(()), "float32 [] were given"),
        (torch.zeros(N_ITEMS, 0), "float32 [5, 0] were given"),
        (torch.zeros(N_ITEMS, 3, 1), "float32 [5, 3, 1] were given"),
        (torch.zeros(N_ITEMS, 3, dtype=torch.float64), "float64 [5, 3] were given"),
        (torch.zeros(1).expand(N_ITEMS, MOST_DIMENSION + 1), "float32 [5, 65537] were given"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(text: Tensor | None, said: str) -> None:
    said = f"The backbone '{FED}' uses the text vectors of items, and {said}. Give it float32 [5, D], D at most 65,536"
    with pytest.raises(ModelError, match=re.escape(said)) as caught:
        build_backbone(FED, N_ITEMS, PARAMS, text)
    assert "\n" not in str(caught.value)
