"""`sracl params`: look after params.yaml."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sracl_core.ground.console import guarded, say

app = typer.Typer(no_args_is_help=True, help="Look after params.yaml.")

ParamsFile = Annotated[Path, typer.Option("--params", help="The params file to check.")]


@app.callback()
def main() -> None:
    """Look after params.yaml."""


@app.command("check")
@guarded
def check(params: ParamsFile = Path("params.yaml")) -> None:
    """Check every parameter; list all problems at once."""
    from sracl_core.params.check import SECTIONS, check_params
    from sracl_core.params.reading.yaml_file import read_yaml

    check_params(params)
    count = sum(_leaves(section) for section in read_yaml(params).values())
    say(f"{count} parameters in {len(SECTIONS)} sections are valid.")


def _leaves(value: Any) -> int:
    """How many single parameters a group holds; a list is one."""
    return sum(map(_leaves, value.values())) if isinstance(value, dict) else 1
