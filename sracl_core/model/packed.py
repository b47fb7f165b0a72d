"""Windows of different lengths without padding: packed, and sorted into buckets where a model has to pad.

Windows travel *packed*: the items (or states) of all windows one after another, [T], with their lengths, [B]. Most of a
model works on positions one by one and never needs more. What looks along a window gets windows of similar length,
padded to the longest among them.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn import functional as F

# Lengths up to which windows share a bucket. Many small buckets leave little padding, which a CPU pays for; a GPU pays
# for every further launch instead.
CPU_BOUNDS = (4, 8, 16, 32, 64, 128, 256, 512)
GPU_BOUNDS = (16, 64, 256)


def window_offsets(lengths: Tensor) -> Tensor:
    """Return where each packed window begins, and the end of the last: int64 [B + 1]."""
    return torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])


def spans(starts: Tensor, lengths: Tensor) -> Tensor:
    """Return the indices start, start + 1, …, start + length − 1 of every span, one after another: int64 [T]."""
    offsets = window_offsets(lengths)
    within = torch.arange(int(offsets[-1]), device=lengths.device)
    return within + torch.repeat_interleave(starts - offsets[:-1], lengths)


class Buckets:
    """The layout in which packed windows of `lengths` int64 [B] are encoded: windows of similar length side by side.

    `rows` int64 [T] are the packed rows in this layout's order, `steps` int64 [T] their places within their windows,
    `lengths` int64 [B] those of the windows in this order.
    """

    def __init__(self, lengths: Tensor) -> None:
        bounds = CPU_BOUNDS if lengths.device.type == "cpu" else GPU_BOUNDS
        bucket = torch.bucketize(lengths, torch.tensor(bounds, device=lengths.device))  # [B]
        order = torch.argsort(bucket, stable=True)
        self.lengths = lengths[order]  # [B]
        starts = window_offsets(lengths)[:-1][order]
        self.rows = spans(starts, self.lengths)
        self.steps = self.rows - torch.repeat_interleave(starts, self.lengths)
        count = torch.bincount(bucket, minlength=len(bounds) + 1)
        total = torch.zeros_like(count).index_add_(0, bucket, lengths)
        longest = torch.zeros_like(count).scatter_reduce_(0, bucket, lengths, "amax")
        # One reading for all numbers: each makes a GPU wait.
        shapes = torch.stack([count, total, longest], dim=1).tolist()
        self._shapes = [(windows, positions, length) for windows, positions, length in shapes if windows]
        self._real = self._real_places()

    def windows(self) -> list[int]:
        """Return how many windows every bucket has."""
        return [windows for windows, _, _ in self._shapes]

    def longest(self) -> list[int]:
        """Return the longest window of every bucket."""
        return [longest for _, _, longest in self._shapes]

    def steps_left(self) -> Tensor:
        """Return how many positions of its window follow each one, int64 [T], in this layout's order."""
        return torch.repeat_interleave(self.lengths, self.lengths) - 1 - self.steps

    def places(self) -> Tensor:
        """Return where each packed row lies in this layout, int64 [T]."""
        places = torch.empty_like(self.rows)
        places[self.rows] = torch.arange(len(self.rows), device=self.rows.device)
        return places

    def along_windows(self, values: Tensor, look: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what `look` makes of `values` [T, …], which lie in this layout.

        `look` is given the windows of one bucket, [b, L, …], padded on the right with 0, and returns [b, L, …].
        """
        seen = []
        parts = values.split([positions for _, positions, _ in self._shapes])
        for part, (windows, _, longest), real in zip(parts, self._shapes, self._real, strict=True):
            padded = part if real is None else _Scatter.apply(part, real, windows * longest)
            looked = look(padded.view(windows, longest, *values.shape[1:])).flatten(0, 1)
            seen.append(looked if real is None else _Gather.apply(looked, real))
        return torch.cat(seen)

    def _real_places(self) -> list[Tensor | None]:
        """The places of real positions in each padded bucket; None where it has no padding."""
        real: list[Tensor | None] = []
        for (windows, positions, longest), lengths in zip(
            self._shapes, self.lengths.split(self.windows()), strict=True
        ):
            starts = torch.arange(windows, device=lengths.device) * longest
            real.append(None if positions == windows * longest else spans(starts, lengths))
        return real


def take_rows(values: Tensor, rows: Tensor) -> Tensor:
    """Return `values[rows]`, [R, d]; rows may repeat. Its gradient is summed in one order on every device."""
    return F.embedding(rows, values)


class _Gather(torch.autograd.Function):
    """`values[rows]` for rows that don't repeat: nothing has to be summed on the way back."""

    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor, rows: Tensor) -> Tensor:
        ctx.save_for_backward(rows)
        ctx.length = len(values)  # type: ignore[attr-defined]
        return values.index_select(0, rows)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        (rows,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return _scattered(gradient, rows, ctx.length), None  # type: ignore[attr-defined]


class _Scatter(torch.autograd.Function):
    """The values at `rows` of a tensor of zeros with `length` rows; rows don't repeat."""

    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor, rows: Tensor, length: int) -> Tensor:
        ctx.save_for_backward(rows)
        return _scattered(values, rows, length)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None, None]:
        (rows,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return gradient.index_select(0, rows), None, None


def _scattered(values: Tensor, rows: Tensor, length: int) -> Tensor:
    return values.new_zeros(length, *values.shape[1:]).index_copy_(0, rows, values)
