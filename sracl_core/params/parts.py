"""Section `parts`: where the code of parts from outside lies, so that DVC runs a stage again when it changes.

DVC sees files, not import paths. A stage that may use such a part has the path from this section among its `deps`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeGuard

from pydantic import Field

from sracl_core.ground.outside import control_characters, shown
from sracl_core.ground.plugins import code_of_part, is_import_path, why_no_code
from sracl_core.params.reading.groups import part_in
from sracl_core.params.reading.kinds import MOST_CHARACTERS, Text
from sracl_core.params.reading.section import Section

SHIPPED = {
    "source": "sracl_core/ingest/sources/__init__.py",
    "engine": "sracl_core/profile/engines/__init__.py",
    "encoder": "sracl_core/embed/encoders/__init__.py",
    "backbone": "sracl_core/model/backbones/__init__.py",
    "loss": "sracl_core/recommendation/__init__.py",
    "objective": "sracl_core/objectives/__init__.py",
}
# The section that chooses a part of each kind, the parameter there, and the one that holds the groups to choose from.
CHOSEN_BY = {
    "source": ("data", "source", "sources"),
    "engine": ("profile", "engine", "engines"),
    "encoder": ("embed", "engine", "engines"),
    "backbone": ("train", "backbone", "backbones"),
    "loss": ("train", "loss", "losses"),
    "objective": ("train", "objective", "objectives"),
}
INSTALLED = ("site-packages", "dist-packages")


class PartsParams(Section):
    """The file or folder with the code of the part that is chosen; as shipped, of the parts that come along."""

    key: ClassVar[str] = "parts"

    source: Text = Field(SHIPPED["source"], description="code of data.source")
    engine: Text = Field(SHIPPED["engine"], description="code of profile.engine")
    encoder: Text = Field(SHIPPED["encoder"], description="code of embed.engine")
    backbone: Text = Field(SHIPPED["backbone"], description="code of train.backbone")
    loss: Text = Field(SHIPPED["loss"], description="code of train.loss")
    objective: Text = Field(SHIPPED["objective"], description="code of train.objective")


def part_problems(values: Mapping[str, Any], root: Path) -> list[str]:
    """Return what is wrong with the section `parts` of the parameters `values`, one line each.

    `root` is the folder where the stages run. Each path must be that of the code which the chosen part has; of a
    package among the installed ones it stays as shipped, since that changes by an installation alone. An import path
    where the name of a group belongs is told with the section's problems.
    """
    written = values.get("parts")
    if not isinstance(written, Mapping):
        return []  # told with the section's other problems
    problems = []
    for kind, (section, field, groups) in CHOSEN_BY.items():
        group, place = values.get(section), written.get(kind)
        if not isinstance(group, Mapping) or is_import_path(str(group.get(field))):
            continue  # told with the sections' other problems
        name = part_in(group, field, groups)
        if not _is_plain(name) or not _is_plain(place):
            continue  # told there too
        problem = _problem(kind, f"{section}.{field}", name, place, root)
        problems += [f"parts.{kind}: {problem}"] if problem else []
    return problems


def _is_plain(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= MOST_CHARACTERS and not control_characters(value)


def _problem(kind: str, chosen_by: str, name: str, written: str, root: Path) -> str:
    """What is wrong with the path `written` for the part `name`; "" where nothing is."""
    shipped, called = SHIPPED[kind], shown(name)
    if not is_import_path(name):
        return "" if written == shipped else f"{chosen_by} is {called}, which comes with the project; write {shipped}"
    code = code_of_part(name)
    if code is None:
        return f"{chosen_by} is {called}, {why_no_code(name)}"
    wanted = shipped if set(INSTALLED) & set(code.parts) else _from(code.resolve(), root.resolve())
    if written == wanted or (wanted != shipped and (root / written).resolve() == code.resolve()):
        return ""
    return (
        f"{chosen_by} is {called}, whose code lies in {code}; write {wanted}, so that a change of it runs the stages "
        "again that use it"
    )


def _from(code: Path, root: Path) -> str:
    """The path of `code` as params.yaml has it: from the project's folder on, where it lies in or beside it."""
    near = code.is_relative_to(root) or code.is_relative_to(root.parent)
    return Path(os.path.relpath(code, root)).as_posix() if near else code.as_posix()
