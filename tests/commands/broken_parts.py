"""Parts that break one promise each."""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from sracl_core.model.backbones.gru4rec import GRU4Rec, GRU4RecParams
from sracl_core.objectives.protocol import Anchors, Context, Objective, ObjectiveParams, Term
from sracl_core.params.reading.kinds import Weight


class PullParams(ObjectiveParams):
    weight: Weight = Field(0.1, description="weight")


class Pull(Objective):
    """Keeps every promise: states are pulled towards a vector that is learned."""

    Params = PullParams

    def __init__(self, params: PullParams, context: Context) -> None:
        super().__init__(params, context)
        self.towards = nn.Parameter(torch.ones(context.hidden)) if params.weight else None

    @property
    def needs_anchors(self) -> bool:
        return self.params.weight > 0

    def terms(self, anchors: Anchors, backbone: object) -> list[Term]:
        return [Term("pull", self.params.weight, self.pull(anchors.states))]

    def pull(self, states: Tensor) -> Tensor:
        return (states - self.towards).square().mean()


class Endless(Pull):
    def pull(self, states: Tensor) -> Tensor:
        return super().pull(states) / 0


class Cut(Pull):
    def pull(self, states: Tensor) -> Tensor:
        return super().pull(states).detach()


class Forgetful(Pull):
    """Counts its steps in a plain number, which no checkpoint holds."""

    steps = 0

    def pull(self, states: Tensor) -> Tensor:
        self.steps += 1
        return super().pull(states) * self.steps


class Unseeded(Pull):
    seen: ClassVar[list[int]] = []

    def pull(self, states: Tensor) -> Tensor:
        self.seen.append(0)
        return super().pull(states) * len(self.seen)


class AlwaysOn(Pull):
    """Draws from dropout's stream though its weight is 0."""

    needs_anchors = True

    def terms(self, anchors: Anchors, backbone: object) -> list[Term]:
        noise = torch.rand(anchors.states.shape)
        return [Term("pull", self.params.weight, (anchors.states + noise).square().mean())]


class Failing(Pull):
    def pull(self, states: Tensor) -> Tensor:
        return states @ states


class LooksAhead(GRU4Rec):
    def forward(self, items: Tensor) -> Tensor:
        return super().forward(items) + self.item_embedding(items).sum(1, keepdim=True)


class SeesPadding(GRU4Rec):
    def forward(self, items: Tensor) -> Tensor:
        return super().forward(items) + (items == 0).sum(1)[:, None, None]


class EncodesOtherwise(GRU4Rec):
    def encode(self, items: Tensor, lengths: Tensor, read: Tensor | None = None) -> Tensor:
        return 2 * super().encode(items, lengths, read)


class DividesByItems(GRU4Rec):
    """Chokes on a masked item."""

    def forward(self, items: Tensor) -> Tensor:
        return super().forward(items) / items.clamp(max=1)[..., None]


class Unreached(GRU4Rec):
    """Has a weight that nothing is made of."""

    def __init__(self, n_items: int, params: GRU4RecParams) -> None:
        super().__init__(n_items, params)
        self.idle = nn.Parameter(torch.ones(1))
