"""What every section of `params.yaml` shares: strict types, complete records, problems reported all at once."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar, cast, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from sracl_core.ground.errors import ParamsError
from sracl_core.ground.outside import shown
from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.groups import Kind
from sracl_core.params.reading.names import nearest
from sracl_core.params.reading.report import got, report
from sracl_core.params.reading.veil import veiled
from sracl_core.params.reading.yaml_file import read_yaml

# A parameter that decides whether a stage succeeds, or where its input lies, but not what it writes.
NOT_CONTENT: dict[str, Any] = {"content": False}
# Kinds of problems for which pydantic's words name its own classes.
NO_GROUP = {"model_type", "model_attributes_type", "dict_type", "mapping_type"}
# Kinds of problems with a bound: what is said, and pydantic's name of the bound.
BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
LENGTHS = {
    "too_long": ("at most", "max_length", "entries"),
    "too_short": ("at least", "min_length", "entries"),
    "string_too_long": ("at most", "max_length", "characters"),
    "string_too_short": ("at least", "min_length", "characters"),
}
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


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


def read_section(path: Path, section: type[AnySection], only: Iterable[str] = ()) -> AnySection:
    """Return the checked `section` of the YAML file `path`.

    With `only`, the result carries just these fields: a stage that reads another one fails with AttributeError
    instead of depending on it unseen. Raises ParamsError listing every problem of the section.
    """
    values = read_yaml(path)
    checked, problems = _checked(section, values)
    if checked is None:
        raise ParamsError(report(path, problems))
    kept = tuple(only)
    if not kept:
        return checked
    typed = type(checked)
    narrowed = cast(AnySection, typed.model_construct(_fields_set=set(kept)))
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
        return None, problems + [_describe(typed, problem) for problem in error.errors()]
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


def written_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of `model` by the names they have in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _nested(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The group that the field written as `name` in `model` holds, if it holds one."""
    annotation = written_fields(model)[name].annotation
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _missing(model: type[BaseModel], values: Mapping[str, Any], where: str) -> list[str]:
    """Parameters of `model` that `values` lacks: the file is the complete record of a run."""
    problems = []
    for name, field in written_fields(model).items():
        nested = _nested(model, name)
        if name not in values and nested and not field.is_required() and field.get_default() is None:
            continue  # a group that may be left out, and then is not there
        if name not in values:
            shipped = "" if nested else f"; the shipped value is {json.dumps(field.get_default())}"
            problems.append(f"{where}.{name}: missing{shipped}")
        elif nested and isinstance(values[name], dict):
            problems += _missing(nested, values[name], f"{where}.{name}")
    return problems


def _describe(section: type[Section], problem: Any) -> str:
    """One line for one pydantic error: where, what was expected, what was found, the nearest name; no secret."""
    loc = list(problem["loc"])
    if loc[-1:] == ["[key]"]:  # pydantic's mark of a name in a mapping, which may be a number
        loc[-2:] = [str(loc[-2])]
    parts = [part for part in loc if part != "[key]"]
    names = [shown(str(part)) for part in parts]
    where = _place(section, parts)
    if problem["type"] == "extra_forbidden":
        group = _group(section, names[:-1])
        known = written_fields(group)
        near = nearest(names[-1], known)
        hint = (
            f"did you mean {'.'.join([section.key, *names[:-1], near])}?" if near else f"known are {', '.join(known)}"
        )
        return veiled(f"{where}: unknown parameter; {hint}")
    message = _bound(problem)
    if message is not None:
        return veiled(f"{where}: {message}")
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    message = f"{message[0].lower()}{message[1:]}"
    if problem["type"] in NO_GROUP:
        message = "expected a group of parameters"
    elif problem["type"] == "list_type":
        message = f"expected a list such as {_example(section, names)}"
    if problem["type"] != "value_error":
        message += f", {got(problem['input'])}"
    return veiled(f"{where}: {message}")


def _bound(problem: Any) -> str | None:
    """What to say where a value is beyond a bound; None where it is not."""
    limits = problem.get("ctx", {})
    if problem["type"] in BOUNDS:
        words, name = BOUNDS[problem["type"]]
        return f"expected {words} {_number(limits[name])}, {got(problem['input'])}"
    if problem["type"] in LENGTHS:
        words, name, what = LENGTHS[problem["type"]]
        return f"expected {words} {limits[name]} {what}, got {len(problem['input'])}"
    return None


def _number(bound: float) -> str:
    """A bound as people write it: 0, not 0.0."""
    return str(int(bound)) if bound == int(bound) else str(bound)


def _place(section: type[Section], parts: list[Any]) -> str:
    """Where a problem is: the names joined by dots, and the entries of a list in words."""
    where = section.key
    for part in parts:
        if isinstance(part, int):
            where += f", {ORDINALS[part]} entry" if part < len(ORDINALS) else f", entry {part + 1}"
        else:
            where += f".{shown(str(part))}"
    return where


def _group(section: type[BaseModel], names: Iterable[str]) -> type[BaseModel]:
    """The group of parameters that `names` lead to."""
    group = section
    for name in names:
        group = _nested(group, name) or group
    return group


def _example(section: type[Section], names: list[str]) -> str:
    """A list as the field that `names` lead to may hold it."""
    field = written_fields(_group(section, names[:-1]))[names[-1]]
    if shipped := field.get_default():
        return json.dumps(shipped)
    choices = [one for one in _within(field.annotation) if get_origin(one) is Literal]
    return f"[{get_args(choices[0])[0]}]" if choices else "[a, b]"


def _within(annotation: Any) -> Iterable[Any]:
    """`annotation` and what it is made of."""
    yield annotation
    if get_origin(annotation) is not Literal:
        for inner in get_args(annotation):
            yield from _within(inner)
