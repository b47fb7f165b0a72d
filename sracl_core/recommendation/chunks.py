"""Cross entropy over a catalogue, with the scores of a few positions held at once.

They fit into memory however large the catalogue is; on a CPU they stay in its cache, and each takes one exponential
where the plain form takes one forward and another on the way back.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def chunked_cross_entropy(states: Tensor, vectors: Tensor, targets: Tensor, rows: int) -> Tensor:
    """Return `F.cross_entropy(states @ vectors.T, targets)`, holding the scores of `rows` positions at once.

    `states` [T, d], `vectors` [n, d], `targets` int64 [T] with rows of `vectors`. Values and gradients are those of
    the plain form but for the order of summation. The loss can be differentiated once.
    """
    return _ChunkedCrossEntropy.apply(states, vectors, targets, rows)


class _ChunkedCrossEntropy(torch.autograd.Function):
    """Takes the gradient of each chunk while its scores are there, so that no score outlives its chunk.

    ∂L/∂score[t, i] = (softmax(score[t])[i] − [i = target[t]]) / T; backward only scales what forward has found. The
    softmax's divisor scales states and their gradients, which are fewer than scores.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, vectors: Tensor, targets: Tensor, rows: int) -> Tensor:
        need_states, need_vectors = ctx.needs_input_grad[:2]
        grad_states = torch.empty_like(states) if need_states else None
        grad_vectors = torch.zeros_like(vectors) if need_vectors else None
        losses = states.new_empty(len(states))
        for first in range(0, len(states), rows):
            part = slice(first, first + rows)
            target = targets[part, None]  # [t, 1]
            scores = states[part] @ vectors.T  # [t, n]
            highest = scores.amax(dim=1, keepdim=True)
            expected = scores.gather(1, target)
            scores.sub_(highest).exp_()
            total = scores.sum(dim=1, keepdim=True)
            losses[part] = (total.log() + highest - expected).squeeze(1)
            if grad_states is None and grad_vectors is None:
                continue
            slopes = scores.scatter_add_(1, target, -total)  # times `total`, in the place of the scores
            if grad_states is not None:
                torch.mm(slopes, vectors, out=grad_states[part]).div_(total)
            if grad_vectors is not None:
                grad_vectors.addmm_(slopes.T, states[part] / total)
        ctx.grads = [None if grad is None else grad.div_(len(states)) for grad in (grad_states, grad_vectors)]
        return losses.mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_loss: Tensor) -> tuple[Tensor | None, ...]:
        grad_states, grad_vectors = (None if grad is None else grad * grad_loss for grad in ctx.grads)
        return grad_states, grad_vectors, None, None
