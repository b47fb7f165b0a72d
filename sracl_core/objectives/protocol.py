"""What an objective promises: the terms it adds to the recommendation loss, and all that it needs for them."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from sracl_core.batching.group import Group
from sracl_core.batching.inputs import TrainingInputs
from sracl_core.batching.samples import Samples
from sracl_core.batching.sequences import Sequences
from sracl_core.ground.plugins import load_plugin, require_subclass
from sracl_core.model.backbone import Backbone
from sracl_core.params.needs import Need
from sracl_core.params.reading.fields import Fields


class ObjectiveParams(Fields):
    """The parameters of an objective; one that has any derives its `Params` from this."""

    def needs(self, place: str) -> list[Need]:
        """Return what a training reads of retrieval; `place` is where these parameters stand (`train.objectives.x`)."""
        return []


@dataclass(frozen=True)
class Term:
    """One summand of the loss: `weight` · `value`, a scalar, the mean over the joint batch."""

    name: str
    weight: float
    value: Tensor


@dataclass(frozen=True)
class SecondWeights:
    """Weights of an objective that the main step leaves as they are, and a second one after it moves.

    They come to `learning_rate`; warm-up, schedule, decay and clipping are those of the main step (`train`).
    """

    weights: list[nn.Parameter]
    learning_rate: float


@dataclass(frozen=True)
class Anchors:
    """The anchors of a step: the prefixes at `positions` int64 [B]; this process encodes the rows `own` [b].

    `states` [b, d] are those of its own anchors. A process alone has b = B.
    """

    positions: Tensor
    own: slice
    states: Tensor


@dataclass(frozen=True)
class Context:
    """What an objective may look at.

    `inputs` are the data as they were read, `sequences` and `samples` what steps are made of. `hidden` is the
    dimension d of states. `generator` (on the device) draws what concerns the objective alone, which prefix of a pass
    is its anchor too, so that another objective changes no other draw. `place` is where the objective's parameters
    stand, for messages.
    """

    inputs: TrainingInputs
    sequences: Sequences
    samples: Samples
    hidden: int
    generator: torch.Generator
    group: Group
    place: str

    def join(self, states: Tensor, anchors: Anchors) -> Tensor:
        """Return the rows [B, …] that all processes have encoded, of which `states` [b, …] are this one's."""
        return self.group.join(states, anchors.own.start, len(anchors.positions))


class Objective(nn.Module):
    """Adds terms to the recommendation loss.

    A subclass declares its parameters as `Params` and takes `(params, context)`. Its weights are trained beside the
    backbone's; they and its buffers are its state in a checkpoint, by `state_dict`. As it stands, this class adds
    nothing.
    """

    Params: ClassVar[type[ObjectiveParams]] = ObjectiveParams
    observes = False  # whether `observe` is to be called

    def __init__(self, params: ObjectiveParams, context: Context) -> None:
        super().__init__()
        self.params, self.context = params, context

    @property
    def second_weights(self) -> list[SecondWeights]:
        """The weights of its own that a second step moves, always the same ones; none, and there is no such step."""
        return []

    @property
    def needs_anchors(self) -> bool:
        """Whether steps draw anchors and ask for terms."""
        return False

    def begin_epoch(self, backbone: Backbone) -> None:
        """Prepare for an epoch; called before its first step, not where a training goes on inside of one."""

    def terms(self, anchors: Anchors, backbone: Backbone) -> list[Term]:
        """Return the terms of a step, always with the same names."""
        return []

    def second_terms(self, backbone: Backbone) -> list[Term]:
        """Return the terms of the second step of a batch, by which the `second_weights` alone are moved.

        Called after `terms`, of whose anchors they are; `backbone` is as the main step has left it.
        """
        return []

    def observe(self, positions: Tensor, states: Tensor) -> None:
        """Hear of the `states` [T, d] at the positions int64 [T] where this step has taken the recommendation loss."""

    def step_bytes(self, batch: int, length: float, per_position: float) -> dict[str, tuple[float, str]]:
        """Return about how many bytes of a step are the objective's, by what takes them, with what to lower.

        `batch` samples have `length` items in the mean, of each of which the backbone keeps `per_position` bytes.
        """
        return {}

    def remedies(self) -> str:
        """Return what else makes a step smaller, as "mine.k, or set …"; "" for nothing."""
        return ""

    def steadied_by(self) -> str:
        """Return what else to change where a loss is not finite, as "raise …temperature"; "" for nothing."""
        return ""


def build_objective(name: str, params: Fields, context: Context) -> Objective:
    """Return an objective that is freshly initialised, from torch's global random state.

    `name` is a registered one or `package.module:Name`, `params` its `Params`. Raises ModelError when the name leads
    nowhere, or to something else than an objective.
    """
    found = require_subclass(name, load_plugin("sracl_core.objectives", name), Objective)
    objective: Objective = found(params, context)
    return objective
