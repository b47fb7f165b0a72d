"""Processes that train together, one a GPU: each takes its share of every batch, and all make the same step.

All hold the same data, draw the same batches and the same random choices of the joint batch; only dropout is each
one's own. What they exchange are sums: each adds its part. So the loss and the gradients are those of one process
with the joint batch.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed

from sracl_core.ground.errors import MachineError

WAIT = timedelta(hours=2)  # the others wait for the first one's validation
# What gloo and NCCL say of a process that is not there any more.
OTHERS_GONE = ("connection closed by peer", "connection reset by peer", "connection refused", "remote process exited")
SEED_STRIDE = 1_000_003  # between the dropout of two processes


class Group:
    """This process as number `rank` of `size`; number 0 leads: it validates, writes and speaks."""

    def __init__(self, rank: int = 0, size: int = 1, device: torch.device | None = None) -> None:
        self.rank, self.size = rank, size
        self.device = device or torch.device("cpu")

    @property
    def leads(self) -> bool:
        """Whether this process is the first."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Return which of `count` samples are this process's; shares differ by one at most and may be empty."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def join(self, own: Tensor, first: int, count: int) -> Tensor:
        """Return `count` rows, of which every process gives its own, this one [b, …] from row `first` on.

        Gradient flows to the own rows. A loss of joined rows is the same in every process, so that the sum of the
        processes' gradients is its gradient.
        """
        return own if self.size == 1 else _Join.apply(own, first, count)

    def add(self, part: Tensor) -> Tensor:
        """Return the sum of every process's `part`, without gradient."""
        return part if self.size == 1 else _added(part.detach().clone())

    def add_gradients(self, weights: Iterable[Tensor]) -> None:
        """Give every weight the sum of the gradients that the processes have found."""
        if self.size == 1:
            return
        waiting = []
        for weight in weights:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
            waiting.append(distributed.all_reduce(weight.grad, async_op=True))
        for work in waiting:
            work.wait()

    def highest(self, values: list[int]) -> list[int]:
        """Return the highest of each of `values` in any process."""
        if self.size == 1:
            return values
        tensor = torch.tensor(values, device=self.device)
        distributed.all_reduce(tensor, distributed.ReduceOp.MAX)
        return tensor.tolist()

    def from_first(self, value: Any) -> Any:
        """Return what the first process calls this with: plain JSON values."""
        if self.size == 1:
            return value
        content = json.dumps(value).encode() if self.leads else b""
        length = self.highest([len(content)])[0]
        mine = torch.tensor(list(content.ljust(length, b"\0")), dtype=torch.uint8, device=self.device)
        distributed.broadcast(mine, src=0)
        return json.loads(bytes(mine.tolist()))

    def seed(self, seed: int) -> None:
        """Give every process dropout of its own; the first keeps what `seed` gave it already."""
        if not self.leads:
            torch.manual_seed(seed + SEED_STRIDE * self.rank)


ALONE = Group()


@contextmanager
def open_group(device: torch.device) -> Iterator[Group]:
    """Yield the group that torchrun has started this process in (RANK, WORLD_SIZE), or a process alone.

    Raises MachineError when another process of the group ended while this one needed it.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=WAIT)
    rank = distributed.get_rank()
    try:
        yield Group(rank, size, device)
    except RuntimeError as error:
        if not any(words in str(error).lower() for words in OTHERS_GONE):
            raise
        raise MachineError(
            f"process {rank + 1} of the {size} that train together lost the others: one of them ended."
        ) from None
    finally:
        distributed.destroy_process_group()


class _Join(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, own: Tensor, first: int, count: int) -> Tensor:
        ctx.rows = slice(first, first + len(own))
        joint = own.new_zeros(count, *own.shape[1:])
        joint[ctx.rows] = own
        return _added(joint)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return grad[ctx.rows], None, None


def _added(tensor: Tensor) -> Tensor:
    distributed.all_reduce(tensor)
    return tensor
