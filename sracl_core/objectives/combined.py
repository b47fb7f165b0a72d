"""Several objectives at once: L = L_rec + the terms of each, as SRA-CL's branches added to DuoRec (its paper).

Those that have a group among the parameters are combined, `duorec: {…}` and `sracl: {…}`. These parameters are the
members' own: they lie within the one group that training depends on, so that a change of `train.objectives.duorec`,
which is another training's, runs nothing again. A member draws from a stream of its own, whoever the others are.
"""

import hashlib
from dataclasses import replace
from typing import Any, ClassVar, Self

import torch
from pydantic import Field, SerializerFunctionWrapHandler, create_model, model_serializer, model_validator
from torch import Tensor, nn

from sracl_core.model.backbone import Backbone
from sracl_core.objectives.protocol import (
    Anchors,
    Context,
    Objective,
    ObjectiveParams,
    SecondWeights,
    Term,
    build_objective,
)
from sracl_core.params.needs import Need
from sracl_core.params.train import OBJECTIVE

MEMBERS = tuple(name for name in OBJECTIVE.names if name not in ("plain", "combined"))
SHIPPED = ("sracl", "duorec")


class MembersParams(ObjectiveParams):
    """The parameters of the members, each a group by the member's name; one that is left out is none."""

    @property
    def members(self) -> dict[str, ObjectiveParams]:
        """The groups that are there, by name."""
        found = {name: getattr(self, name) for name in MEMBERS}
        return {name: group for name, group in found.items() if group is not None}

    def needs(self, place: str) -> list[Need]:
        """Return what the members read of retrieval."""
        return [need for name, group in self.members.items() for need in group.needs(f"{place}.{name}")]

    @classmethod
    def shipped(cls) -> Self:
        """Return the paper's: SRA-CL's branches added to DuoRec."""
        return cls(**{name: OBJECTIVE.load(name).Params.shipped() for name in SHIPPED})

    @model_validator(mode="after")
    def _combines_something(self) -> Self:
        if not self.members:
            raise ValueError(f"no objective is combined; give it groups of parameters by name: {', '.join(MEMBERS)}")
        return self

    @model_serializer(mode="wrap")
    def _what_is_there(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in written(self).items() if value is not None}


_groups: dict[str, Any] = {
    name: (
        OBJECTIVE.load(name).Params | None,
        Field(None, description=f"parameters of {name}, where it is one of them"),
    )
    for name in MEMBERS
}
CombinedParams = create_model("CombinedParams", __base__=MembersParams, **_groups)


class Combined(Objective):
    """The terms of all members, named after them."""

    Params: ClassVar[type[ObjectiveParams]] = CombinedParams
    params: MembersParams

    def __init__(self, params: MembersParams, context: Context) -> None:
        super().__init__(params, context)
        contexts = {
            name: replace(context, generator=_stream(context.generator, name), place=f"{context.place}.{name}")
            for name in params.members
        }
        built = {name: build_objective(name, group, contexts[name]) for name, group in params.members.items()}
        self.members: dict[str, Objective] = built
        self.registered = nn.ModuleDict(built)  # so that their weights and buffers are this one's
        self.observes = any(member.observes for member in built.values())

    @property
    def second_weights(self) -> list[SecondWeights]:
        """Those of all members."""
        return [weights for member in self.members.values() for weights in member.second_weights]

    @property
    def needs_anchors(self) -> bool:
        """Whether a member does."""
        return any(member.needs_anchors for member in self.members.values())

    def begin_epoch(self, backbone: Backbone) -> None:
        """Prepare every member."""
        for member in self.members.values():
            member.begin_epoch(backbone)

    def terms(self, anchors: Anchors, backbone: Backbone) -> list[Term]:
        """Return the terms of all members that are on."""
        found = {name: member.terms(anchors, backbone) for name, member in self.members.items() if member.needs_anchors}
        return _named(found)

    def second_terms(self, backbone: Backbone) -> list[Term]:
        """Return those of all members that have such a step."""
        later = {name: member for name, member in self.members.items() if member.second_weights}
        return _named({name: member.second_terms(backbone) for name, member in later.items()})

    def observe(self, positions: Tensor, states: Tensor) -> None:
        """Let those members hear that want to."""
        for member in self.members.values():
            if member.observes:
                member.observe(positions, states)

    def step_bytes(self, batch: int, length: float, per_position: float) -> dict[str, tuple[float, str]]:
        """Return the bytes of all members."""
        return {
            f"{what} of {name}": size
            for name, member in self.members.items()
            for what, size in member.step_bytes(batch, length, per_position).items()
        }

    def remedies(self) -> str:
        """Return what makes any member's step smaller."""
        return ", or ".join(filter(None, (member.remedies() for member in self.members.values())))

    def steadied_by(self) -> str:
        """Return what steadies any member."""
        return ", or ".join(filter(None, (member.steadied_by() for member in self.members.values())))

    def get_extra_state(self) -> Tensor:
        """Return how far the members' random streams are, for `state_dict`: uint8 [members, bytes]."""
        return torch.stack([member.context.generator.get_state() for member in self.members.values()])

    def set_extra_state(self, state: Tensor) -> None:
        """Draw on from what `get_extra_state` returned."""
        for member, one in zip(self.members.values(), state, strict=True):
            member.context.generator.set_state(one.clone())  # torch reads it from the beginning of its storage


def _stream(generator: torch.Generator, name: str) -> torch.Generator:
    """A stream that the seed of `generator` and the name decide."""
    digest = hashlib.sha256(f"{generator.initial_seed()} {name}".encode()).digest()
    return torch.Generator(device=generator.device).manual_seed(int.from_bytes(digest[:4]))


def _named(found: dict[str, list[Term]]) -> list[Term]:
    return [replace(term, name=f"{member}_{term.name}") for member, terms in found.items() for term in terms]


PLUGIN = Combined
