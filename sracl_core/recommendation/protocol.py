"""What a recommendation loss promises: how well states score the next item, and what it draws and takes for that."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from sracl_core.ground.plugins import load_plugin, require_subclass
from sracl_core.model.backbone import Backbone
from sracl_core.params.reading.fields import Fields


class LossParams(Fields):
    """The parameters of a recommendation loss; one that has any derives its `Params` from this."""


@dataclass(frozen=True)
class LossContext:
    """What a recommendation loss may look at.

    `n_items` items are in the catalogue; `trained` int64 [N] are the items of all training sequences, one after
    another, on the device. `generator` (on the device) is the loss's own stream, so that another loss changes no other
    draw. `place` is where the loss's parameters stand, for messages.
    """

    n_items: int
    trained: Tensor
    generator: torch.Generator
    place: str


class RecommendationLoss(nn.Module):
    """Says how badly states score the next item among others.

    A subclass declares its parameters as `Params`, takes `(params, context)`, and defines `forward`, and `draw` where
    it draws anything. Its weights, if it has any, are trained beside the backbone's; they and its buffers are its state
    in a checkpoint, by `state_dict`.
    """

    Params: ClassVar[type[LossParams]] = LossParams
    # Whether it scores all items; of another one's step the gradient has the rows of the items it has met alone.
    scores_all = False

    def __init__(self, params: LossParams, context: LossContext) -> None:
        super().__init__()
        self.params, self.context = params, context

    def draw(self, positions: int, own: slice) -> Tensor:
        """Return what is drawn for a step that takes the loss at `positions` of the joint batch.

        Where several processes train together each of them calls this with the same `positions` and must draw the same
        from the generator; this one takes the loss at the positions `own`, of which there may be none. As it stands,
        nothing is drawn.
        """
        return torch.empty(0, dtype=torch.int64, device=self.context.trained.device)

    @abstractmethod
    def forward(self, states: Tensor, targets: Tensor, backbone: Backbone, drawn: Tensor) -> Tensor:
        """Return the mean loss of `states` [T, d], T ≥ 1, whose next items are `targets` int64 [T]; a scalar.

        `drawn` is what `draw` returned. Items are scored with `backbone.item_vectors()`, all of them, or
        `backbone.vectors_of(items)`, which looks at no other.
        """

    def step_bytes(self, positions: float, backbone: Backbone, shorter: str) -> dict[str, tuple[float, str]]:
        """Return about how many bytes of a step are the loss's, by what takes them, with what to lower.

        The loss is taken at `positions`; `shorter` names the parameters that make them fewer.
        """
        return {}

    def remedies(self) -> str:
        """Return which parameter of its own makes a step smaller, as "train.losses.mine.k"; "" for none."""
        return ""


def build_loss(name: str, params: Fields, context: LossContext) -> RecommendationLoss:
    """Return a recommendation loss; `name` is a registered one or `package.module:Name`, `params` its `Params`.

    Raises ModelError when the name leads nowhere, or to something else than a recommendation loss.
    """
    found = require_subclass(name, load_plugin("sracl_core.recommendation", name), RecommendationLoss)
    loss: RecommendationLoss = found(params, context)
    return loss
