"""The text of dvc.yaml, made of the stages."""

import json
import textwrap
from collections.abc import Iterable
from typing import Any

from dag.source import compact
from dag.stages import Output, Stage

WIDTH = 120
HEAD = """\
# The pipeline: `dvc repro` runs what changed. docs/architecture.md draws it.
# Written by `make dag` from stages/*.py and from what these import: don't edit it, since a test writes it again.
# `runtime` is no stage's parameter. A package's `__init__.py` that is but a docstring is no dependency by itself.
"""


def dvc_yaml(stages: Iterable[Stage]) -> str:
    """Return the text of dvc.yaml for `stages`, in their order."""
    found = list(stages)
    drawn = {path: axes for stage in found for output in stage.writes for path, axes in output.drawn.items()}
    lines = [HEAD + "stages:", *(line for stage in found for line in _stage(stage))]
    if drawn:
        lines += ["", "plots:", *(line for path, axes in drawn.items() for line in _entry(path, axes, "  "))]
    return "\n".join(lines) + "\n"


def _stage(stage: Stage) -> list[str]:
    arguments = {name: f"${{item.{name}}}" for name in stage.arguments}
    lines = ["", f"  {stage.name}:", f"    desc: {_scalar(stage.description)}"]
    if stage.arguments:
        values = (f"{name}: [{', '.join(given)}]" for name, given in stage.arguments.items())
        lines.append(f"    matrix: {{{', '.join(values)}}}")
    lines.append(f"    cmd: {' '.join(['python -m', stage.module, *arguments.values()])}")
    data = [path if "$" in path else path.format(**arguments) for path in stage.data]
    lines += _list("deps", [*data, *sorted(stage.parts), *compact(stage.code)])
    lines += _list("params", sorted(stage.params))
    for under in ("outs", "metrics", "plots"):
        lines += _outputs(under, [output for output in stage.writes if output.under == under], arguments)
    return lines


def _outputs(under: str, outputs: list[Output], arguments: dict[str, str]) -> list[str]:
    paths = [output.path.format(**arguments) for output in outputs]
    if not any(output.options for output in outputs):
        return _list(under, paths)
    entries = zip(paths, (output.options for output in outputs), strict=True)
    return [f"    {under}:", *(line for path, options in entries for line in _entry(path, options, "      "))]


def _entry(path: str, options: dict[str, Any], indent: str) -> list[str]:
    if not options:
        return [f"{indent}- {path}"]
    return [f"{indent}- {path}:", *(f"{indent}    {name}: {_scalar(value)}" for name, value in options.items())]


def _list(key: str, values: list[str]) -> list[str]:
    """A list in brackets, on as many lines as it takes; nothing where there is none."""
    if not values:
        return []
    written = f"    {key}: [{', '.join(map(_scalar, values))}]"
    return textwrap.wrap(written, WIDTH, subsequent_indent="      ", break_on_hyphens=False)


def _scalar(value: Any) -> str:
    """A value as YAML writes it, in quotes where a sign in it has a meaning."""
    plain = isinstance(value, str) and not set("{}[],:#&*!|>'\"%@`") & set(value)
    return value if plain else json.dumps(value, ensure_ascii=False)
