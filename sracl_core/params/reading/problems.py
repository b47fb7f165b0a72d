"""What is wrong with a section of `params.yaml`, in a line that people understand."""

import json
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sracl_core.ground.outside import shown
from sracl_core.params.reading.names import nearest
from sracl_core.params.reading.report import got
from sracl_core.params.reading.veil import veiled

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


def written_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of `model` by the names they have in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def nested(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """Return the group that the field written as `name` in `model` holds, if it holds one."""
    annotation = written_fields(model)[name].annotation
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def described(section: type[BaseModel], key: str, problem: Any) -> str:
    """Return one line for one pydantic error in the section `key`, which is to be of the class `section`.

    It says where, what was expected, what was found, and the nearest name; and no secret.
    """
    loc = list(problem["loc"])
    if loc[-1:] == ["[key]"]:  # pydantic's mark of a name in a mapping, which may be a number
        loc[-2:] = [str(loc[-2])]
    parts = [part for part in loc if part != "[key]"]
    names = [shown(str(part)) for part in parts]
    where = _place(key, parts)
    if problem["type"] == "extra_forbidden":
        group = _group(section, names[:-1])
        known = written_fields(group)
        near = _near(group, names[-1])
        hint = f"did you mean {'.'.join([key, *names[:-1], *near])}?" if near else f"known are {', '.join(known)}"
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


def _near(group: type[BaseModel], name: str) -> list[str]:
    """The way from `group` to a parameter called like `name`, there or in a group within; none is no way."""
    here = written_fields(group)
    if found := nearest(name, here):
        return [found]
    groups = ((field, inner) for field in here if (inner := nested(group, field)))
    return next(([field, *way] for field, inner in groups if (way := _near(inner, name))), [])


def _bound(problem: Any) -> str | None:
    """What to say where a value is beyond a bound; None where it is not."""
    limits = problem.get("ctx", {})
    if problem["type"] in BOUNDS:
        words, name = BOUNDS[problem["type"]]
        return f"expected {words} {_number(limits[name])}, {got(problem['input'])}"
    if problem["type"] in LENGTHS:
        words, name, what = LENGTHS[problem["type"]]
        one = {"entries": "entry", "characters": "character"}[what] if limits[name] == 1 else what
        return f"expected {words} {limits[name]} {one}, got {len(problem['input'])}"
    return None


def _number(bound: float) -> str:
    """A bound as people write it: 0, not 0.0."""
    return str(int(bound)) if bound == int(bound) else str(bound)


def _place(key: str, parts: list[Any]) -> str:
    """Where a problem is: the names joined by dots, and the entries of a list in words."""
    where = key
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
        group = nested(group, name) or group
    return group


def _example(section: type[BaseModel], names: list[str]) -> str:
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
