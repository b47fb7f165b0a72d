"""Causal attention over packed windows on a CPU, with its gradient written out.

Windows of a few items make operations so small that calling one costs more than its arithmetic. So all windows are laid
out in one go, head by head, and what is left to do for a bucket are five operations forward and seven on the way back.
"""

from collections.abc import Sequence
from copy import copy
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from sracl_core.model.dropout import factors
from sracl_core.model.packed import Buckets, window_offsets


class Slots:
    """Where rows of packed windows lie for products of matrices: window by window, head by head, in equal slots.

    Window w has `counts[w]` rows of a table [T, heads · e], int64 [B]; every bucket has so many `windows`, and for each
    so many `slots`. Of every slot, [P], `row` and `head` say what lies in it; those that are left over repeat some row.
    `back` int64 [T · heads] says in which slot each head of each row lies.
    """

    def __init__(self, counts: Tensor, windows: list[int], slots: list[int], heads: int) -> None:
        self.shapes = [(count * heads, width) for count, width in zip(windows, slots, strict=True)]
        widths = torch.repeat_interleave(torch.tensor(slots), torch.tensor(windows))  # [B]
        first_row, first_slot = window_offsets(counts), window_offsets(heads * widths)
        rows = int(first_row[-1])
        window = torch.repeat_interleave(torch.arange(len(counts)), heads * widths)  # [P]
        within = torch.arange(len(window)) - first_slot[window]
        self.head, slot = within // widths[window], within % widths[window]  # [P]
        self.row = (first_row[window] + torch.minimum(slot, counts[window] - 1)).clamp_(0, rows - 1)  # [P]
        window = torch.repeat_interleave(torch.arange(len(counts)), counts)  # [T]
        place = first_slot[window] + torch.arange(rows) - first_row[window]
        slots_of = place[:, None] + torch.arange(heads) * widths[window, None]  # [T, heads]
        self.back = slots_of.flatten()

    def parts(self, values: Tensor) -> list[Tensor]:
        """Return the matrices [b · heads, S, e] of every bucket, views of `values` [P, e]."""
        split = values.split([matrices * width for matrices, width in self.shapes])
        return [part.view(*shape, values.shape[1]) for part, shape in zip(split, self.shapes, strict=True)]


class AttentionLayout:
    """Where attention finds the windows of `buckets`, with every position asking; `asked_at` lets a few ask alone.

    `scores` are the shapes of every bucket's scores, [b, heads, S, L]; `steps`, where not all ask, [b, S] of every
    bucket, say where those that do stand in their windows.
    """

    def __init__(self, buckets: Buckets, heads: int) -> None:
        self.buckets, self.heads = buckets, heads
        self.longest = max(buckets.longest())
        self.keys = Slots(buckets.lengths, buckets.windows(), buckets.longest(), heads)
        self.places: Tensor | None = None
        self._ask(self.keys, [None] * len(buckets.windows()))

    def asked_at(self, places: Tensor) -> "AttentionLayout":
        """Return this layout where those at `places` alone ask, which share its keys.

        `places` int64 [R], ascending and without repeats, are places in the layout of the buckets.
        """
        buckets, windows = self.buckets, self.buckets.windows()
        window = torch.bucketize(places, window_offsets(buckets.lengths), right=True) - 1  # [R]
        asking = torch.bincount(window, minlength=len(buckets.lengths))  # [B]
        most = [int(each.max()) for each in asking.split(windows)]
        queries = Slots(asking, windows, most, self.heads)
        steps = buckets.steps[places][queries.row[queries.head == 0]]
        shapes = list(zip(windows, most, strict=True))
        parts = steps.split([count * width for count, width in shapes])
        few = copy(self)
        few.places = places
        few._ask(queries, [part.view(shape) for part, shape in zip(parts, shapes, strict=True)])
        return few

    def _ask(self, queries: Slots, steps: Sequence[Tensor | None]) -> None:
        self.queries, self.steps = queries, steps
        shapes = zip(self.buckets.windows(), queries.shapes, self.keys.shapes, strict=True)
        self.scores = [(count, self.heads, width, length) for count, (_, width), (_, length) in shapes]


def attend(query: Tensor, key_value: Tensor, bias: Tensor, layout: AttentionLayout, rate: float) -> Tensor:
    """Return softmax(q kᵀ / √e + bias) v of every head, with dropout of `rate` on the weights, [R, d].

    `query` [R, d] of the places that ask and `key_value` [T, 2d] of all, in the layout's order; d = heads · e. `bias`
    [heads, L, L], for windows of at most L, is added to the score of each step (row) with each other (column); it
    must be −inf for later ones. The result can be differentiated once.
    """
    return _Attention.apply(query, key_value, bias, layout, rate)


class _Attention(torch.autograd.Function):
    """Keeps the weights of every bucket, before and after dropout."""

    @staticmethod
    def forward(  # noqa: PLR0917 - autograd gives all by position
        ctx: Any, query: Tensor, key_value: Tensor, bias: Tensor, layout: AttentionLayout, rate: float
    ) -> Tensor:
        queries, keys, heads = layout.queries, layout.keys, layout.heads
        width = query.shape[1] // heads
        q = query.reshape(-1, width).index_select(0, queries.row * heads + queries.head).mul_(width**-0.5)  # [P, e]
        of_pair = keys.row * (2 * heads) + keys.head
        k, v = (key_value.reshape(-1, width).index_select(0, of_pair + first) for first in (0, heads))  # [P', e]
        masks = _masks(layout.scores, rate, q)
        mixed, kept = [], []
        for bucket, (ask, key, value) in enumerate(zip(queries.parts(q), keys.parts(k), keys.parts(v), strict=True)):
            scores = torch.bmm(ask, key.transpose(1, 2))  # [b · heads, S, L]
            scores.view(layout.scores[bucket]).add_(_bias_of(bias, layout.steps[bucket], scores.shape[-1]))
            weights = scores.softmax(dim=-1)
            dropped = weights if masks is None else weights * masks[bucket].view_as(weights)
            mixed.append(torch.bmm(dropped, value).flatten(0, 1))
            kept += [weights, dropped]
        ctx.save_for_backward(q, k, v, *kept)
        ctx.layout, ctx.bias_shape = layout, bias.shape
        return torch.cat(mixed).index_select(0, queries.back).view_as(query)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        layout: AttentionLayout = ctx.layout
        queries, keys = layout.queries, layout.keys
        q, k, v, *kept = ctx.saved_tensors
        width = q.shape[1]
        # Nothing flows from slots that no row needs.
        g = torch.zeros_like(q).index_copy_(0, queries.back, gradient.reshape(-1, width))
        grad_q, grad_k, grad_v = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        grad_bias = gradient.new_zeros(ctx.bias_shape) if ctx.needs_input_grad[2] else None
        asked = zip(queries.parts(q), queries.parts(g), queries.parts(grad_q), strict=True)
        looked = zip(keys.parts(k), keys.parts(v), keys.parts(grad_k), keys.parts(grad_v), strict=True)
        for bucket, ((ask, grad, to_ask), (key, value, to_key, to_value)) in enumerate(zip(asked, looked, strict=True)):
            weights, dropped = kept[2 * bucket : 2 * bucket + 2]
            torch.bmm(dropped.transpose(1, 2), grad, out=to_value)
            # softmax's gradient: w ∘ (∂w − Σ w ∘ ∂w), dropout's factor being part of `dropped`.
            slope = torch.bmm(grad, value.transpose(1, 2)).mul_(dropped)
            slope.addcmul_(weights, slope.sum(dim=-1, keepdim=True), value=-1)
            torch.bmm(slope, key, out=to_ask)
            torch.bmm(slope.transpose(1, 2), ask, out=to_key)
            if grad_bias is not None:
                _add_bias_gradient(grad_bias, layout.steps[bucket], slope.view(layout.scores[bucket]))
        grad_query = grad_q.mul_(width**-0.5).index_select(0, queries.back).view_as(gradient)
        pair = [each.index_select(0, keys.back).view(-1, gradient.shape[1]) for each in (grad_k, grad_v)]
        return grad_query, torch.cat(pair, dim=1), grad_bias, None, None


def _masks(shapes: list[tuple[int, int, int, int]], rate: float, like: Tensor) -> list[Tensor] | None:
    """Dropout's factors for the scores of every bucket, drawn at once; None where nothing is dropped."""
    sizes = [b * heads * slots * length for b, heads, slots, length in shapes]
    drawn = factors(sum(sizes), rate, like.dtype)
    return None if drawn is None else list(drawn.split(sizes))


def _bias_of(bias: Tensor, steps: Tensor | None, length: int) -> Tensor:
    """What is added to scores [b, heads, S, L] of one bucket, from `bias` [heads, L', L']."""
    if steps is None:
        return bias[:, :length, :length]
    return bias[:, steps, :length].transpose(0, 1)  # [b, heads, S, L]


def _add_bias_gradient(grad_bias: Tensor, steps: Tensor | None, slope: Tensor) -> None:
    """Add the gradient `slope` [b, heads, S, L] of one bucket's scores to that of the bias [heads, L', L']."""
    length = slope.shape[-1]
    if steps is None:
        grad_bias[:, :length, :length] += slope.sum(dim=0)
    else:
        by_step = slope.transpose(0, 1).flatten(1, 2)  # [heads, b · S, L]
        grad_bias[:, :, :length].index_add_(1, steps.flatten(), by_step)
