"""Packed windows: encoded without padding they equal every window encoded alone, gradients included."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.model.packed import Buckets, spans, take_rows, window_offsets
from sracl_core.params.backbone import BACKBONES
from tests.model.sizes import sizes_of

N_ITEMS = 30
LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=12)


def tiny(name: str) -> Backbone:
    torch.manual_seed(0)
    params = sizes_of(name, hidden=8, layers=2, heads=2, feed_forward=16, dropout=0.0, max_length=40)
    return build_backbone(name, N_ITEMS, params).double()


def gradients(value: Tensor, backbone: Backbone) -> list[Tensor]:
    factor = torch.randn(value.shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    return list(torch.autograd.grad((value * factor).sum(), list(backbone.parameters())))


def test_spans() -> None:
    assert spans(torch.tensor([5, 0, 9]), torch.tensor([2, 1, 3])).tolist() == [5, 6, 0, 9, 10, 11]
    assert window_offsets(torch.tensor([2, 1, 3])).tolist() == [0, 2, 3, 6]


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(BACKBONES), lengths=LENGTHS, seed=st.integers(0, 100), data=st.data())
def test_encoding_equals_one_window_at_a_time_with_gradient(
    name: str, lengths: list[int], seed: int, data: st.DataObject
) -> None:
    backbone = tiny(name)
    items = torch.randint(1, N_ITEMS + 1, (sum(lengths),), generator=torch.Generator().manual_seed(seed))
    alone = torch.cat([backbone(window[None])[0] for window in items.split(lengths)])
    read = data.draw(st.none() | st.lists(st.integers(0, len(items) - 1), min_size=1, max_size=9))
    rows = None if read is None else torch.tensor(read)
    fast = backbone.encode(items, torch.tensor(lengths), rows)
    plain = alone if rows is None else alone[rows]
    torch.testing.assert_close(fast, plain)
    for ours, expected in zip(gradients(fast, backbone), gradients(plain, backbone), strict=True):
        torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("name", BACKBONES)
def test_no_windows_give_no_states(name: str) -> None:
    none = torch.zeros(0, dtype=torch.int64)
    assert tiny(name).encode(none, none).shape == (0, 8)


@settings(max_examples=50, deadline=None)
@given(LENGTHS)
def test_buckets_show_every_window_whole(lengths: list[int]) -> None:
    values = torch.arange(1.0, sum(lengths) + 1, dtype=torch.float64).requires_grad_()
    buckets = Buckets(torch.tensor(lengths))
    seen: list[list[float]] = []

    def look(windows: Tensor) -> Tensor:
        seen.extend(window[window > 0].tolist() for window in windows.detach())
        return 2 * windows

    doubled = buckets.along_windows(take_rows(values[:, None], buckets.rows)[:, 0], look)
    assert sorted(seen) == [window.tolist() for window in values.detach().split(lengths)]
    assert doubled.tolist() == (2 * values[buckets.rows]).tolist()
    assert (buckets.rows[buckets.places()] == torch.arange(len(values))).all()
    starts = window_offsets(torch.tensor(lengths))[:-1]
    assert (buckets.steps == buckets.rows - starts.repeat_interleave(torch.tensor(lengths))[buckets.rows]).all()
    (gradient,) = torch.autograd.grad((doubled * doubled.detach()).sum(), values)
    torch.testing.assert_close(gradient, 4 * values.detach())


def test_rows_taken_twice_sum_their_gradients() -> None:
    values = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(lambda table: take_rows(table, torch.tensor([2, 0, 2])), (values,))
