"""A YAML file as plain values: it is looked over event by event before anything is made of it.

What can hide a value, repeat one in silence, build objects, or grow beyond all bounds is refused: anchors and aliases,
tags, duplicate keys, several documents, files and numbers without end. Every such line is told, not the first alone.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.nodes import ScalarNode

from sracl_core.ground.errors import ParamsError
from sracl_core.ground.outside import no_regular_file, shown, shown_value
from sracl_core.params.reading.report import got, report

MOST_BYTES = 250_000  # params.yaml as shipped has 12,000
MOST_NODES = 20_000  # values and keys; params.yaml as shipped has 300
DEEPEST = 20
LONGEST_KEY = 256
LONGEST_NUMBER = 64  # characters
# What YAML does not take as a character of a file.
UNFIT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TAG = "tag:yaml.org,2002:"


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in the YAML 1.2 file `path` (the dialect DVC writes: `1e-05` is a number).

    Raises ParamsError where it cannot be read, or is none that `plain_yaml` takes.
    """
    values = deepcopy(_parsed(_bytes_of(path), path))
    if values is None:
        raise ParamsError(
            f"{shown(str(path))} is empty; expected sections (data:, train:, …). Restore it, as by "
            "`git checkout params.yaml`."
        )
    if not isinstance(values, dict):
        raise ParamsError(f"{shown(str(path))} must hold a mapping of sections (data:, train:, …), {got(values)}.")
    return values


@lru_cache(maxsize=1)
def _parsed(data: bytes, path: Path) -> Any:
    """What `plain_yaml` returns, made once for all the sections of a file."""
    return plain_yaml(data, path)


def plain_yaml(data: bytes, path: Path) -> Any:
    """Return what the YAML in `data`, which stands in `path`, holds: texts, numbers, truths, dates, lists, mappings.

    Raises ParamsError that lists every line with a problem.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ParamsError(
            report(path, [f"line {line}: it is not UTF-8 text; save the file as UTF-8 (byte {data[error.start]:#04x})"])
        ) from None
    problems = [f"line {line}: the character {sign!r} is part of no text; take it out" for line, sign in _unfit(text)]
    if problems:
        raise ParamsError(report(path, problems))
    try:
        for problem in _problems(text):
            problems.append(problem)
        if not problems:
            return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, OverflowError, RecursionError) as error:
        problems.append(_told(error))
    raise ParamsError(report(path, problems))


def _bytes_of(path: Path) -> bytes:
    try:
        found = no_regular_file(path)
        if found is not None:
            raise ParamsError(f"{shown(str(path))} cannot be read: it is {found}. Name a readable YAML file.")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise ParamsError(
            f"{shown(str(path))} does not exist. Run the command in the project's folder, or restore the file."
        ) from None
    except (OSError, ValueError) as error:  # a path that holds NUL is a ValueError
        why = error.strerror if isinstance(error, OSError) else error
        raise ParamsError(f"{shown(str(path))} cannot be read: {why}. Name a readable YAML file.") from None
    if len(data) > MOST_BYTES:
        raise ParamsError(
            f"{shown(str(path))} is larger than {MOST_BYTES} bytes, so it is no file of parameters. Name the right one."
        )
    return data


def _unfit(text: str) -> Iterator[tuple[int, str]]:
    """The characters that YAML does not take, each with its line."""
    for line, written in enumerate(text.split("\n"), 1):
        yield from ((line, found[0]) for found in UNFIT.finditer(written))


class _Key(NamedTuple):
    kind: str  # its tag
    text: str


class _Group:
    """A mapping or a list that is being read; `keys` are those of a mapping so far, each with its line."""

    def __init__(self, event: CollectionStartEvent) -> None:
        self.is_mapping = isinstance(event, MappingStartEvent)
        self.keys: dict[_Key, int] = {}
        self.at_key = self.is_mapping


def _problems(text: str) -> Iterator[str]:
    """What of the YAML in `text` is refused, one line each; it ends early where there is no end of it."""
    yaml = YAML(typ="safe", pure=True)
    documents = nodes = 0
    open_groups: list[_Group] = []
    for event in yaml.parse(text):
        where = f"line {event.start_mark.line + 1}"
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents == 2:
                yield f"{where}: a second document begins; keep one, without --- and ... between"
                return
            if event.version or event.tags:
                yield f"{where}: the directives before it (%YAML, %TAG) have no place here; take them out"
        elif isinstance(event, CollectionEndEvent):
            open_groups.pop()
        elif isinstance(event, NodeEvent):
            nodes += 1
            if nodes > MOST_NODES:
                yield f"{where}: expected at most {MOST_NODES} keys and values in a file; what follows was not read"
                return
            group = open_groups[-1] if open_groups else None
            kind = _kind(yaml, event)
            yield from (f"{where}: {problem}" for problem in _node_problems(event, kind))
            if group is not None and group.at_key:
                top = len(open_groups) == 1
                yield from (f"{where}: {problem}" for problem in _key_problems(group, event, kind, top=top))
            if group is not None and group.is_mapping:
                group.at_key = not group.at_key
            if isinstance(event, CollectionStartEvent):
                open_groups.append(_Group(event))
                if len(open_groups) > DEEPEST:
                    yield f"{where}: nested more than {DEEPEST} levels deep; what follows was not read"
                    return


def _kind(yaml: YAML, event: Event) -> str:
    """What a scalar without a tag is: str, int, float, …; "" for anything else."""
    if not isinstance(event, ScalarEvent) or event.tag is not None:
        return ""
    plain = bool(event.implicit[0])
    return str(yaml.resolver.resolve(ScalarNode, event.value, (plain, not plain))).removeprefix(TAG)


def _node_problems(event: NodeEvent, kind: str) -> Iterator[str]:
    if not isinstance(event, ScalarEvent | CollectionStartEvent):
        yield f"the alias *{shown(event.anchor)} stands for a value elsewhere; write the value itself here"
        return
    if event.anchor is not None:
        yield f"the anchor &{shown(event.anchor)} has no place here; write each value where it belongs"
    if event.tag is not None:
        yield f"the tag {shown(str(event.tag).replace(TAG, '!!'))} has no place here; write the value without it"
    if not isinstance(event, ScalarEvent):
        return
    if kind in ("int", "float") and len(event.value) > LONGEST_NUMBER:
        yield f"a number of {len(event.value)} characters; expected at most {LONGEST_NUMBER}"
    elif kind == "timestamp" or (kind in ("int", "float") and "_" in event.value):
        try:
            YAML(typ="safe", pure=True).load(event.value)
        except (ValueError, OverflowError) as error:
            what = "date" if kind == "timestamp" else "number"
            yield f"{shown_value(event.value)} looks like a {what} but is none ({error}); put a text in quotes"


def _key_problems(group: _Group, event: NodeEvent, kind: str, *, top: bool) -> Iterator[str]:
    if not isinstance(event, ScalarEvent):
        if not isinstance(event, AliasEvent):
            yield "a key must be a text, not a list or a mapping"
        return
    if kind == "merge":
        yield "the key << copies another group; write its values out"
        return
    name = shown(event.value, LONGEST_KEY)
    if len(event.value) > LONGEST_KEY:
        yield f"expected a key of at most {LONGEST_KEY} characters, got {name}"
    elif top and kind not in ("str", ""):
        yield f"expected the name of a section, got {name} ({kind}); put a name in quotes, or take it out"
    key = _Key(kind, event.value)
    if key in group.keys:
        yield f"the key {name} stands in line {group.keys[key]} already (a duplicate key); keep one of them"
    group.keys.setdefault(key, event.start_mark.line + 1)


def _told(error: Exception) -> str:
    """What a parser says, in one line."""
    if not isinstance(error, MarkedYAMLError):
        return f"not valid YAML: {shown(str(error))}"
    said = "; ".join(shown(str(words)) for words in (error.context, error.problem) if words)
    mark = error.problem_mark or error.context_mark
    return f"line {mark.line + 1}: not valid YAML: {said}" if mark else f"not valid YAML: {said}"
