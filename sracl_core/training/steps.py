"""The steps of an epoch: which samples meet in a batch, and what their losses are."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from sracl_core.batching.group import ALONE, Group
from sracl_core.batching.samples import Samples
from sracl_core.batching.sequences import Sequences
from sracl_core.model.backbone import Backbone
from sracl_core.model.packed import spans, take_rows, window_offsets
from sracl_core.objectives.protocol import Anchors, Objective, Term
from sracl_core.recommendation.protocol import RecommendationLoss


@dataclass(frozen=True)
class Losses:
    """The loss of recommendation and the objective's terms in one step.

    Where several processes train together, `recommendation` is this one's part of their sum.
    """

    recommendation: Tensor
    terms: list[Term] = field(default_factory=list)

    def total(self) -> Tensor:
        """L_rec + Σ weight · term."""
        total = self.recommendation
        for term in self.terms:
            total = total + term.weight * term.value
        return total

    def parts(self) -> dict[str, Tensor]:
        """The total and what it is made of, by name."""
        own = {"total": self.total(), "recommendation": self.recommendation}
        return own | {term.name: term.value for term in self.terms}

    def joint(self, group: Group) -> "Losses":
        """The same with the sum of every process's part, to be told and not to be differentiated."""
        return self if group.size == 1 else replace(self, recommendation=group.add(self.recommendation))


class Steps:
    """Makes batches of samples and computes their losses, that of recommendation by `loss`.

    `seed` decides the order of samples. Which prefix of a pass is its anchor is drawn from `sampling`, which the
    objective draws from too, so that another objective changes nothing else; `loss` has a stream of its own. In a
    `group` every process encodes its share of each batch.
    """

    def __init__(
        self,
        sequences: Sequences,
        samples: Samples,
        loss: RecommendationLoss,
        sampling: torch.Generator,
        seed: int,
        *,
        group: Group = ALONE,
    ) -> None:
        self.sequences, self.samples, self.loss, self.sampling = sequences, samples, loss, sampling
        self.group = group
        self.order = torch.Generator().manual_seed(seed)
        self._epoch_order = self.order.get_state()  # as it was before the running epoch's order was drawn

    def count(self, batch_size: int) -> int:
        """How many batches an epoch has."""
        return -(-len(self.samples.lasts) // batch_size)

    def batches(self, batch_size: int, done: int = 0) -> Iterator[Tensor]:
        """Yield one epoch, every sample once, shuffled: int64 [≤ batch_size], the last positions of their windows.

        The first `done` batches are left out: a training that goes on inside an epoch has them behind it.
        """
        lasts = self.samples.lasts
        self._epoch_order = self.order.get_state()
        yield from lasts[torch.randperm(len(lasts), generator=self.order).to(lasts.device)].split(batch_size)[done:]

    def kept(self, done: int) -> dict[str, Tensor]:
        """Return what a later process needs to go on after `done` batches of an epoch (0: before the next one)."""
        order = self._epoch_order if done else self.order.get_state()
        return {"order": order, "sampling": self.sampling.get_state(), "loss": self.loss.context.generator.get_state()}

    def restore(self, kept: dict[str, Tensor]) -> None:
        """Go on from what `kept` returned; inside an epoch with `done` batches left out."""
        self.order.set_state(kept["order"])
        self.sampling.set_state(kept["sampling"])
        self.loss.context.generator.set_state(kept["loss"])

    def losses(self, lasts: Tensor, backbone: Backbone, objective: Objective) -> Losses:
        """Return the losses of one batch of samples, named by the last position of their windows [B]."""
        # A sample has a pass of its own, even beside another of the same user: its dropout is its own, and
        # without an objective this is the plain backbone to the bit.
        begins = self.samples.begins[lasts]
        lengths = lasts - begins + 1  # [B]
        own = self.group.share(len(lasts))  # b of the B samples
        positions = spans(begins[own], lengths[own])  # [T]
        ends = window_offsets(lengths[own])[1:] - 1  # [b] rows of the last positions
        every = self.samples.every_position
        trained = positions if every else positions[ends]
        # Where L_rec is taken: [T, d] or [b, d].
        outputs = backbone.encode_in_training(self.sequences.items[positions], lengths[own], None if every else ends)
        recommendation = self._recommendation(trained, outputs, lengths, backbone)
        if not objective.needs_anchors:
            return Losses(recommendation)
        steps = self._anchor_steps(lengths)  # [B]
        states = take_rows(outputs, ends - lengths[own] + 1 + steps[own]) if every else outputs  # [b, d]
        terms = objective.terms(Anchors(begins + steps, own, states), backbone)
        if objective.observes:
            objective.observe(*self._join_trained(trained, outputs, lasts, lengths))
        return Losses(recommendation, terms)

    def _recommendation(self, trained: Tensor, outputs: Tensor, lengths: Tensor, backbone: Backbone) -> Tensor:
        """This process's part of L_rec: the mean over the joint batch is the sum of the parts."""
        first, joint = self._place(trained, lengths)
        drawn = self.loss.draw(joint, slice(first, first + len(trained)))
        targets = self.sequences.items[trained + 1]
        if len(trained) == 0:  # nothing, but with a gradient to add to the others'
            return 0 * backbone.vectors_of(torch.ones_like(lengths[:1])).sum()
        loss: Tensor = self.loss(outputs, targets, backbone, drawn)
        return loss if self.group.size == 1 else loss * (len(trained) / joint)

    def _place(self, trained: Tensor, lengths: Tensor) -> tuple[int, int]:
        """Where this process's positions begin among those of the joint batch at which L_rec is taken, and how many."""
        if self.group.size == 1:
            return 0, len(trained)
        own = self.group.share(len(lengths))
        if not self.samples.every_position:
            return own.start, len(lengths)
        return int(lengths[: own.start].sum()), int(lengths.sum())

    def _join_trained(self, trained: Tensor, outputs: Tensor, lasts: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The positions where all processes took L_rec, and their states."""
        if self.group.size == 1:
            return trained, outputs
        positions = spans(lasts - lengths + 1, lengths) if self.samples.every_position else lasts
        first, joint = self._place(trained, lengths)
        return positions, self.group.join(outputs.detach(), first, joint)

    def _anchor_steps(self, lengths: Tensor) -> Tensor:
        """How far into each window its anchor lies, [B]."""
        if not self.samples.every_position:
            return lengths - 1
        draw = torch.rand(len(lengths), generator=self.sampling, device=lengths.device)
        return torch.minimum((draw * lengths).long(), lengths - 1)  # the product may round up to the length
