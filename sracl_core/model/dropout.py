"""Dropout that costs little on a CPU, where torch draws one slow random number for every value."""

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional as F

# Four values share one 64-bit draw; a probability is met to 1/65,536, and the scale is exact for what is met.
LEVELS = 2**16


class Dropout(nn.Module):
    """Sets values to zero with probability `rate` in training, and scales the others to keep the mean."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, values: Tensor) -> Tensor:
        """Return `values` with this module's dropout, unchanged in eval mode."""
        return dropout(values, self.rate) if self.training else values

    def extra_repr(self) -> str:
        """What `print` shows of this module."""
        return f"rate={self.rate}"


def dropout(values: Tensor, rate: float) -> Tensor:
    """Return `values` with each one kept with probability 1 − `rate`, and then divided by it.

    Draws from torch's global random state of the device.
    """
    if values.device.type != "cpu":
        return F.dropout(values, rate)
    factor = factors(values.numel(), rate, values.dtype)
    return values if factor is None else _Masked.apply(values, factor.view(values.shape))


def factors(count: int, rate: float, dtype: torch.dtype) -> Tensor | None:
    """Return the factors of `count` values on a CPU, 0 or what keeps the mean, [count]; None if none is dropped."""
    dropped = round(rate * LEVELS)
    if dropped == 0:
        return None
    draws = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None).view(torch.int16)
    kept = draws[:count] >= dropped - LEVELS // 2
    return kept.to(dtype).mul_(LEVELS / (LEVELS - dropped))


class _Masked(torch.autograd.Function):
    """A product whose second factor has no gradient: nothing but that factor is kept for the way back."""

    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor, factor: Tensor) -> Tensor:
        ctx.save_for_backward(factor)
        return values * factor

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        (factor,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return gradient * factor, None
