"""What every section of `params.yaml` shares: strict types, complete records, problems reported all at once."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

from pydantic import BaseModel, Field, ValidationError, create_model

from sracl_core.ground.errors import ParamsError
from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.groups import Kind
from sracl_core.params.reading.problems import described, nested, written_fields
from sracl_core.params.reading.report import got, report
from sracl_core.params.reading.veil import veiled
from sracl_core.params.reading.yaml_file import read_yaml

# A parameter that decides whether a stage succeeds, or where its input lies, but not what it writes.
NOT_CONTENT: dict[str, Any] = {"content": False}


class Section(Fields):
    """A top-level group of `params.yaml`, named `key` there; `kinds` are those of the parts that it chooses."""

    key: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]] = ()

    def digest(self) -> str:
        """SHA-256 over the parameters that decide what a stage writes (see NOT_CONTENT); of parts, the chosen ones'."""
        content = _content(self)
        for kind in self.kinds:
            if kind.groups in content:
                name = getattr(self, kind.chosen_by)
                content[kind.groups] = {name: content[kind.groups][name]}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


AnySection = TypeVar("AnySection", bound=Section)


def runtime_only(default: Any, description: str, **limits: Any) -> Any:
    """A field that doesn't change what a stage writes: it is left out of digests."""
    return Field(default, description=description, json_schema_extra=NOT_CONTENT, **limits)


def read_section(
    path: Path, section: type[AnySection], only: Iterable[str] = (), *, instead: Mapping[str, Any] | None = None
) -> AnySection:
    """Return the checked `section` of the YAML file `path`, with values in it that stand `instead` of the file's.

    With `only`, the result carries just these fields: a stage that reads another one fails with AttributeError
    instead of depending on it unseen. Raises ParamsError listing every problem of the section.
    """
    values = read_yaml(path)
    if instead and isinstance(values.get(section.key), dict):
        values[section.key].update(instead)
    checked, problems = _checked(section, values)
    if checked is None:
        raise ParamsError(report(path, problems))
    kept = tuple(only)
    if not kept:
        return checked
    typed = type(checked)
    # With the values: a default of groups would lack those of one's own.
    narrowed = cast(AnySection, typed.model_construct(_fields_set=set(kept), **checked.__dict__))
    for name in typed.model_fields:
        narrowed.__dict__.pop(name, None)
    narrowed.__dict__.update({name: getattr(checked, name) for name in kept})
    return narrowed


def section_problems(section: type[Section], values: Mapping[str, Any]) -> list[str]:
    """Return every problem of one section of `values`, one line each; empty when it is right."""
    return _checked(section, values)[1]


def _checked(section: type[AnySection], values: Mapping[str, Any]) -> tuple[AnySection | None, list[str]]:
    """One section of `values`, None where anything is wrong with it, and every problem, one line each."""
    if section.key not in values:
        return None, [f"{section.key}: the section is missing"]
    found = values[section.key]
    if not isinstance(found, dict):
        return None, [f"{section.key}: expected a group of parameters, {got(found)}"]
    typed, problems = typed_section(section, values)
    problems += _missing(typed, found, section.key)
    try:
        checked = typed.model_validate(found)
    except ValidationError as error:
        return None, problems + [described(typed, section.key, problem) for problem in error.errors()]
    return (None if problems else checked), problems


def typed_section(section: type[AnySection], values: Mapping[str, Any]) -> tuple[type[AnySection], list[str]]:
    """Return `section` with a class for the groups of its parts as `values` have them, and what is wrong with those."""
    found, types, problems = values.get(section.key), {}, []
    for kind in section.kinds:
        groups, wrong = kind.typed(found if isinstance(found, Mapping) else {}, section.key)
        described = section.model_fields[kind.groups].description
        types[kind.groups] = (groups, Field(default_factory=groups, description=described))
        problems += wrong
    typed = create_model(section.__name__, __base__=section, **cast(Any, types)) if types else section
    return typed, [veiled(problem) for problem in problems]


def _content(fields: Fields) -> dict[str, Any]:
    """The values of `fields` that decide what a stage writes, as plain JSON types."""
    content: dict[str, Any] = {}
    for name in sorted(fields.model_fields_set):
        if type(fields).model_fields[name].json_schema_extra == NOT_CONTENT:
            continue
        value = getattr(fields, name)
        content[type(fields).model_fields[name].alias or name] = _content(value) if isinstance(value, Fields) else value
    return content


def _missing(model: type[BaseModel], values: Mapping[str, Any], where: str) -> list[str]:
    """Parameters of `model` that `values` lacks: the file is the complete record of a run."""
    problems = []
    for name, field in written_fields(model).items():
        group = nested(model, name)
        if name not in values and group and not field.is_required() and field.get_default() is None:
            continue  # a group that may be left out, and then is not there
        if name not in values:
            shipped = "" if group else f"; the shipped value is {json.dumps(field.get_default())}"
            problems.append(f"{where}.{name}: missing{shipped}")
        elif group and isinstance(values[name], dict):
            problems += _missing(group, values[name], f"{where}.{name}")
    return problems
