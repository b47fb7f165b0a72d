"""Cross entropy over a catalogue so large that the scores of all positions do not fit into memory."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def chunked_cross_entropy(states: Tensor, vectors: Tensor, targets: Tensor, score_bytes: int) -> Tensor:
    """Return `F.cross_entropy(states @ vectors.T, targets)`, holding at most about `score_bytes` of scores at once.

    `states` [T, d], `vectors` [n, d], `targets` int64 [T] with rows of `vectors`. Values and gradients are those of
    the plain form but for the order of summation. The loss can be differentiated once.
    """
    return _ChunkedCrossEntropy.apply(states, vectors, targets, score_bytes)


class _ChunkedCrossEntropy(torch.autograd.Function):
    """Takes the gradient of each chunk while its scores are there, so that no score outlives its chunk.

    ∂L/∂score[t, i] = (softmax(score[t])[i] − [i = target[t]]) / T; backward only scales what forward has found.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, vectors: Tensor, targets: Tensor, score_bytes: int) -> Tensor:
        need_states, need_vectors = ctx.needs_input_grad[:2]
        grad_states = torch.empty_like(states) if need_states else None
        grad_vectors = torch.zeros_like(vectors) if need_vectors else None
        rows = max(1, score_bytes // (len(vectors) * states.element_size()))
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
            slopes = scores.div_(total)  # the softmax, in the place of the scores
            slopes.scatter_add_(1, target, -torch.ones_like(expected))
            if grad_states is not None:
                torch.mm(slopes, vectors, out=grad_states[part])
            if grad_vectors is not None:
                grad_vectors.addmm_(slopes.T, states[part])
        ctx.grads = [None if grad is None else grad.div_(len(states)) for grad in (grad_states, grad_vectors)]
        return losses.mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_loss: Tensor) -> tuple[Tensor | None, ...]:
        grad_states, grad_vectors = (None if grad is None else grad * grad_loss for grad in ctx.grads)
        return grad_states, grad_vectors, None, None
