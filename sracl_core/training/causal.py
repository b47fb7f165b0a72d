"""Mode `causal`: one pass over a user's training sequence yields every prefix at once.

The pass of a user sees the last L training items that have a successor. Positions count from its start. A prefix that
ends inside the pass is read off it; one that ends before it is encoded in a window of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.model.encode import encode_packed, spans, window_offsets
from sracl_core.model.losses import next_item_loss
from sracl_core.model.objectives.sracl import SRACL, Neighbours
from sracl_core.training.data import Semantics, Sequences
from sracl_core.training.substitution import substitute


@dataclass(frozen=True)
class Losses:
    """The parts of the objective in one step; a branch that is off is None."""

    recommendation: Tensor
    inter_user: Tensor | None
    intra_user: Tensor | None

    def total(self, alpha: float, beta: float) -> Tensor:
        """L_rec + α·L_CS + β·L_IS."""
        total = self.recommendation
        if self.inter_user is not None:
            total = total + alpha * self.inter_user
        if self.intra_user is not None:
            total = total + beta * self.intra_user
        return total


class CausalMode:
    """Makes batches of users and computes their losses.

    `seed` decides the order of users; the contrastive branches draw from a generator of their own, so that switching
    them off changes nothing else.
    """

    def __init__(self, sequences: Sequences, semantics: Semantics | None, max_length: int, seed: int) -> None:
        self.sequences, self.semantics, self.max_length = sequences, semantics, max_length
        device = sequences.items.device
        self.order = torch.Generator().manual_seed(seed)
        self.sampling = torch.Generator(device=device).manual_seed(seed + 1)
        predictable = (sequences.lengths() - 1).clamp(min=0)  # items that have a successor, [U]
        self.pass_length = predictable.clamp(max=max_length)  # [U]
        self.pass_start = predictable - self.pass_length  # [U], counted in the user's sequence
        self.users = (predictable > 0).nonzero().squeeze(1)  # users with something to predict

    def steps(self, batch_size: int) -> int:
        """How many batches an epoch has."""
        return -(-len(self.users) // batch_size)

    def batches(self, batch_size: int) -> Iterator[Tensor]:
        """Yield one epoch: int64 [≤ batch_size] users, every user with something to predict once, shuffled."""
        order = torch.randperm(len(self.users), generator=self.order).to(self.users.device)
        yield from self.users[order].split(batch_size)

    def losses(self, users: Tensor, backbone: Backbone, objective: SRACL) -> Losses:
        """Return the losses of one batch of `users` [B]."""
        starts, lengths = self.pass_start[users], self.pass_length[users]  # [B]
        flat_starts = self.sequences.offsets[users] + starts
        flat = spans(flat_starts, lengths)  # [T]
        states = encode_packed(backbone, self.sequences.items[flat], lengths)  # [T, d]
        recommendation = next_item_loss(states, self.sequences.items[flat + 1], backbone.item_vectors())
        if self.semantics is None:
            return Losses(recommendation, None, None)
        # One random prefix a user: it ends with position `step` of the pass.
        draw = torch.rand(len(users), generator=self.sampling, device=users.device)
        steps = torch.minimum((draw * lengths).long(), lengths - 1)  # [B]; the product may round up to the length
        inter = intra = None
        if objective.params.alpha > 0:
            anchors = states[window_offsets(lengths)[:-1] + steps]  # [B, d]
            anchor_prefixes = self.semantics.prefix_at[flat_starts + steps]  # [B]
            inter = objective.inter_user(self._neighbours(anchors, anchor_prefixes, backbone))
        if objective.params.beta > 0:
            rate = objective.params.intra.substitution_rate
            first, second = self._views(flat_starts, steps + 1, backbone, rate)
            intra = objective.intra_user(first, second)
        return Losses(recommendation, inter, intra)

    def _neighbours(self, anchors: Tensor, anchor_prefixes: Tensor, backbone: Backbone) -> Neighbours:
        """Look up and encode the candidates of `anchor_prefixes` [B]."""
        assert self.semantics is not None  # noqa: S101 - losses() returns before
        pool = self.semantics.user_pool[anchor_prefixes]  # [B, k]
        candidates = self.encode_prefixes(
            self.semantics.prefix_user[pool].flatten(), self.semantics.prefix_end[pool].flatten(), backbone
        )
        return Neighbours(
            anchors=anchors,
            candidates=candidates.view(*pool.shape, -1),  # [B, k, d]
            anchor_semantics=self.semantics.embeddings[anchor_prefixes],  # [B, D]
            candidate_semantics=self.semantics.embeddings[pool],  # [B, k, D]
        )

    def encode_prefixes(self, users: Tensor, ends: Tensor, backbone: Backbone) -> Tensor:
        """Return the state of prefix `[:end]` of each user, [M, d]; users and ends are int64 [M].

        A pass that several prefixes are read off is encoded once, as far as the longest of them reaches.
        """
        inside = ends > self.pass_start[users]
        starts = torch.where(inside, self.pass_start[users], (ends - self.max_length).clamp(min=0))  # [M]
        flat_starts, pass_of = torch.unique(self.sequences.offsets[users] + starts, return_inverse=True)
        reach = torch.zeros_like(flat_starts).scatter_reduce(0, pass_of, ends - starts, "amax")  # [passes]
        states = encode_packed(backbone, self.sequences.items[spans(flat_starts, reach)], reach)
        return states[window_offsets(reach)[pass_of] + ends - starts - 1]

    def _views(self, flat_starts: Tensor, lengths: Tensor, backbone: Backbone, rate: float) -> tuple[Tensor, Tensor]:
        """Return the states [B, d] of two substituted views of the prefixes `flat_starts` + `lengths` [B]."""
        assert self.semantics is not None  # noqa: S101 - losses() returns before
        both = lengths.repeat(2)
        items = self.sequences.items[spans(flat_starts, lengths)].repeat(2)
        views = substitute(items, self.semantics.item_pool, rate, self.sampling)
        states = encode_packed(backbone, views, both)[window_offsets(both)[1:] - 1]
        first, second = states.chunk(2)
        return first, second
