"""Packed, bucketed encoding equals encoding every window alone."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.model.encode import encode_histories, encode_packed, spans, window_offsets
from sracl_core.params.train import BACKBONES, ModelParams
from sracl_core.ragged import Ragged

N_ITEMS = 30


def tiny(name: str = "sasrec", max_length: int = 40) -> Backbone:
    torch.manual_seed(0)
    params = ModelParams(hidden=8, layers=2, heads=2, feed_forward=16, dropout=0.0, max_length=max_length)
    return build_backbone(name, N_ITEMS, params)


def test_spans() -> None:
    assert spans(torch.tensor([5, 0, 9]), torch.tensor([2, 1, 3])).tolist() == [5, 6, 0, 9, 10, 11]
    assert window_offsets(torch.tensor([2, 1, 3])).tolist() == [0, 2, 3, 6]


@settings(max_examples=20, deadline=None)
@given(
    name=st.sampled_from(BACKBONES),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=12),
    seed=st.integers(0, 100),
)
def test_packed_equals_one_window_at_a_time_with_gradient(name: str, lengths: list[int], seed: int) -> None:
    backbone = tiny(name).double()
    items = torch.randint(1, N_ITEMS + 1, (sum(lengths),), generator=torch.Generator().manual_seed(seed))
    weights = list(backbone.parameters())
    packed = encode_packed(backbone, items, torch.tensor(lengths))
    alone = torch.cat([backbone(window[None])[0] for window in items.split(lengths)])
    torch.testing.assert_close(packed, alone)
    factor = torch.randn(packed.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    fast = torch.autograd.grad((packed * factor).sum(), weights)
    plain = torch.autograd.grad((alone * factor).sum(), weights)
    for f, p in zip(fast, plain, strict=True):
        torch.testing.assert_close(f, p)


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
