"""Attention over packed windows is attention in a loop over windows and heads, dropout and gradients included."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sracl_core.model.attention import AttentionLayout, attend
from sracl_core.model.dropout import factors
from sracl_core.model.packed import Buckets

HEADS, WIDTH, LONGEST = 2, 3, 20
LENGTHS = st.lists(st.integers(1, LONGEST), min_size=1, max_size=10)


def drawn(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


def later() -> Tensor:
    return torch.full((LONGEST, LONGEST), -torch.inf, dtype=torch.float64).triu(1)


def masks(layout: AttentionLayout, rate: float) -> list[Tensor]:
    """The factors that `attend` draws next, [b, heads, S, L] of every bucket; leaves the random state as it was."""
    state = torch.get_rng_state()
    sizes = [torch.Size(shape).numel() for shape in layout.scores]
    factor = factors(sum(sizes), rate, torch.float64)
    torch.set_rng_state(state)
    kept = torch.ones(sum(sizes), dtype=torch.float64) if factor is None else factor
    return [each.view(shape) for each, shape in zip(kept.split(sizes), layout.scores, strict=True)]


def plain(inputs: tuple[Tensor, Tensor, Tensor], buckets: Buckets, places: list[int], factor: list[Tensor]) -> Tensor:
    """A loop over what asks: every place looks at its window up to itself, head by head."""
    query, key_value, bias = inputs
    windows = [(bucket, row) for bucket, count in enumerate(buckets.windows()) for row in range(count)]
    ends = buckets.lengths.cumsum(0).tolist()
    asked: dict[int, int] = {}  # of every window so far
    found = []
    for number, place in enumerate(places):
        window = next(index for index, end in enumerate(ends) if place < end)
        first = ends[window] - int(buckets.lengths[window])
        slot = asked[window] = asked.get(window, -1) + 1
        bucket, row = windows[window]
        for head in range(HEADS):
            part = slice(head * WIDTH, (head + 1) * WIDTH)
            keys = key_value[first : ends[window], part]
            values = key_value[first : ends[window], HEADS * WIDTH :][:, part]
            scores = keys @ query[number, part] / WIDTH**0.5 + bias[head, place - first, : len(keys)]
            found.append((scores.softmax(0) * factor[bucket][row, head, slot, : len(keys)]) @ values)
    return torch.cat(found).view_as(query)


@settings(max_examples=60, deadline=None)
@given(lengths=LENGTHS, rate=st.sampled_from([0.0, 0.5]), seed=st.integers(0, 999), data=st.data())
def test_equals_a_loop_over_windows_and_heads_with_gradient(
    lengths: list[int], rate: float, seed: int, data: st.DataObject
) -> None:
    count = sum(lengths)
    chosen = data.draw(st.none() | st.sets(st.integers(0, count - 1), min_size=1))
    places = list(range(count)) if chosen is None else sorted(chosen)
    buckets = Buckets(torch.tensor(lengths))
    layout = AttentionLayout(buckets, HEADS)
    if chosen is not None:
        layout = layout.asked_at(torch.tensor(places))
    query, key_value = drawn(seed, len(places), HEADS * WIDTH), drawn(seed + 1, count, 2 * HEADS * WIDTH)
    distances = drawn(seed + 2, HEADS, LONGEST, LONGEST)
    torch.manual_seed(seed)
    factor = masks(layout, rate)
    found = attend(query, key_value, distances + later(), layout, rate)
    expected = plain((query, key_value, distances + later()), buckets, places, factor)
    torch.testing.assert_close(found, expected)
    weight = drawn(seed + 3, *found.shape).detach()
    inputs = [query, key_value, distances]
    ours, slow = (torch.autograd.grad((one * weight).sum(), inputs) for one in (found, expected))
    for gradient, of_loop in zip(ours, slow, strict=True):
        torch.testing.assert_close(gradient, of_loop)


def test_dropout_drops_its_share_of_the_weights_and_keeps_their_sum() -> None:
    torch.manual_seed(5)
    lengths = torch.full((400,), LONGEST)
    layout = AttentionLayout(Buckets(lengths), HEADS).asked_at(torch.arange(1, 401) * LONGEST - 1)
    ones = torch.ones(400 * LONGEST, 2 * HEADS * WIDTH, dtype=torch.float64)
    query = torch.zeros(400, HEADS * WIDTH, dtype=torch.float64)  # looks at all alike
    sums = attend(query, ones, later().expand(HEADS, -1, -1), layout, 0.5).view(-1, WIDTH)[:, 0]
    assert sums.mean().item() == pytest.approx(1, abs=0.03)
    assert sums.std().item() == pytest.approx((1 / LONGEST) ** 0.5, abs=0.03)
