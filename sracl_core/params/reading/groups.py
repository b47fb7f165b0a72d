"""Parts that own their parameters: a parameter names a group, and the part's own class says what the group holds.

`backbone: sasrec` chooses the group `backbones.sasrec`. A group of a name of one's own says which part it is of:
`part: package.module:Name` for code from outside, or the name of a part that comes along, for other settings of it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import BaseModel, Field, create_model

from sracl_core.ground.errors import ModelError
from sracl_core.ground.outside import control_characters, shown, shown_value
from sracl_core.ground.plugins import check_name, is_import_path
from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.kinds import Text
from sracl_core.params.reading.names import nearest

PART = "part"
GROUP_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


class PartParams(Fields):
    """Parameters of a source, an engine or an encoder that has none; one with some derives its `Params` from this."""


@dataclass(frozen=True)
class Kind:
    """A kind of parts in a section: the field `chosen_by` names one of the field `groups`.

    `names` are the parts that come with the project. `load` returns what a part's name stands for: a class whose
    `Params`, derived from the class at `base` (`package.module:Name`), are its parameters with their defaults. Of the
    parts in `declared` they are known without loading anything.
    """

    chosen_by: str
    groups: str
    names: tuple[str, ...]
    load: Callable[[str], Any]
    base: str = f"{PartParams.__module__}:{PartParams.__qualname__}"
    declared: Mapping[str, type[Fields]] = field(default_factory=dict)

    def shipped(self, **changed: Fields) -> Fields:
        """Return the groups of all parts that come along, as shipped but for those `changed`."""
        return self.typed({}, "")[0](**changed)

    def typed(self, section: Mapping[str, Any], key: str) -> tuple[type[Fields], list[str]]:
        """Return the class that the groups in `section`, the values of the section `key`, must be of.

        And what is wrong with the choice and with groups of a name of one's own, a line each; what a group holds is
        for the class to check. Code from outside is imported where its group is chosen, and nowhere else.
        """
        written = section.get(self.groups)
        groups: Mapping[str, Any] = written if isinstance(written, Mapping) else {}
        chosen = section.get(self.chosen_by, self.names[0])
        fields: dict[str, Any] = {name: _field(name, self._params(name)) for name in self.names}
        own = [name for name in groups if name not in self.names and _part_of(groups[name])]
        problems = []
        for name in own:
            where = f"{key}.{self.groups}.{shown(str(name))}"
            if not (isinstance(name, str) and GROUP_NAME.fullmatch(name)):
                problems.append(f"{where}: name a group with small letters, digits and _, beginning with a letter")
                continue
            part = groups[name][PART]
            try:
                check_name(part, self.names)
                # A group that is not chosen is not looked into: that would run its code.
                known = part in self.names or name == chosen
                params: Any = _with_part(self._params(part)) if known else Any
            except (ValueError, ModelError) as error:
                problems.append(f"{where}.{PART}: {error}")
                params = Any
            fields[name] = (params, Field(..., description="a group of one's own"))
        if isinstance(chosen, str) and chosen not in fields and not control_characters(chosen):
            problems.append(f"{key}.{self.chosen_by}: {self._unknown(chosen, [*self.names, *own], key)}")
        return create_model("Groups", __base__=Fields, **fields), problems

    def _params(self, part: str) -> type[Fields]:
        """The class of the parameters of `part`; raises ModelError where it declares none."""
        params = self.declared.get(part) or getattr(self.load(part), "Params", None)
        bases = params.__mro__ if isinstance(params, type) else ()
        if not any(f"{base.__module__}:{base.__qualname__}" == self.base for base in bases):
            raise ModelError(
                f"{part!r} declares no parameters: its class needs an attribute Params derived from {self.base}"
            )
        declared = cast(type[Fields], params)
        if PART in declared.model_fields:
            raise ModelError(f"{part!r} has a parameter named {PART!r}, which says what part a group is of; rename it")
        return declared

    def _unknown(self, chosen: str, names: list[str], key: str) -> str:
        called, groups = shown_value(chosen), f"{key}.{self.groups}"
        if is_import_path(chosen):
            return (
                f"{called} is an import path; give it a group of its own ({groups}.mine.{PART}: {chosen}) and set "
                f"{key}.{self.chosen_by} to the group's name (mine)"
            )
        near = nearest(chosen, names)
        hint = f"; did you mean {near!r}?" if near else ""
        return f"{called} is not one of {', '.join(names)}, the groups of {groups}{hint}"


def chosen_group(section: Any, kind: Kind) -> Any:
    """Return the parameters of the part that `section` chooses, of that part's own class."""
    return getattr(getattr(section, kind.groups), getattr(section, kind.chosen_by))


def chosen_part(section: Any, kind: Kind) -> str:
    """Return the part that `section` chooses: a name that comes along, or an import path."""
    chosen = str(getattr(section, kind.chosen_by))
    return getattr(getattr(getattr(section, kind.groups), chosen, None), PART, None) or chosen


def part_in(section: Mapping[str, Any], chosen_by: str, groups: str) -> Any:
    """Return the part that the plain values of a `section` choose; the choice itself where no group says more."""
    chosen, written = section.get(chosen_by), section.get(groups)
    group = written.get(chosen) if isinstance(written, Mapping) and isinstance(chosen, str) else None
    return _part_of(group) or chosen


def plain_params(params: BaseModel) -> dict[str, Any]:
    """Return the parameters of a part as plain values, without the name of the part itself."""
    return params.model_dump(exclude={PART})


def _part_of(group: Any) -> str | None:
    part = group.get(PART) if isinstance(group, Mapping) else None
    return part if isinstance(part, str) else None


def _with_part(params: type[Fields]) -> type[Fields]:
    return create_model(params.__name__, __base__=params, part=(Text, Field(..., description="what the group is of")))


def _field(name: str, params: type[Fields]) -> tuple[type[Fields], Any]:
    return params, Field(default_factory=params.shipped, description=f"parameters of {name}")
