"""Whole histories, encoded some users at a time."""

import numpy as np
import pytest
import torch

from sracl_core.evaluation.ranking.encode import encode_histories
from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.params.backbone import BACKBONES
from sracl_core.ragged import Ragged
from tests.model.sizes import sizes_of

N_ITEMS = 30


def tiny(name: str = "sasrec", max_length: int = 40) -> Backbone:
    torch.manual_seed(0)
    params = sizes_of(name, hidden=8, layers=2, heads=2, feed_forward=16, dropout=0.0, max_length=max_length)
    return build_backbone(name, N_ITEMS, params)


@pytest.mark.parametrize("name", BACKBONES)
def test_histories_use_their_last_items_and_any_batching(name: str) -> None:
    backbone = tiny(name, max_length=6).eval()
    random = np.random.default_rng(0)
    lists = [random.integers(1, N_ITEMS + 1, size=n).tolist() for n in (1, 3, 6, 7, 20)]
    expected = torch.stack([backbone(torch.tensor([row[-6:]]))[0, -1] for row in lists])
    for batch_users in (1, 2, 100):
        found = encode_histories(backbone, Ragged.from_lists(lists), batch_users)
        torch.testing.assert_close(found, expected)


def test_no_histories_give_no_states() -> None:
    assert encode_histories(tiny(), Ragged.from_lists([])).shape == (0, 8)
