"""`sracl check`: whether a part of one's own keeps what its kind promises."""

from collections.abc import Iterable
from typing import Annotated

import typer

from sracl_core.ground.console import guarded, say

app = typer.Typer(no_args_is_help=True, help="Try a part of your own on a small world.")

Name = Annotated[str, typer.Argument(help="package.module:Name, or the name of one that comes along.")]


@app.callback()
def main() -> None:
    """Try a part of your own on a small world."""


@app.command("objective")
@guarded
def objective(name: Name) -> None:
    """Train a few steps with an objective beside every backbone, in both modes; tell each promise in a line."""
    _project_first()
    from sracl_core.commands.contract.trial import try_objective

    _tell(name, try_objective(name))


@app.command("backbone")
@guarded
def backbone(name: Name) -> None:
    """Look at the states of a backbone and train it a few steps with every objective; tell each promise in a line."""
    _project_first()
    from sracl_core.commands.contract.trial import try_backbone

    _tell(name, try_backbone(name))


def _tell(name: str, verdicts: Iterable[tuple[str, list[str]]]) -> None:
    """Say of each promise whether it is kept, and what broke it; raise ModelError at the end where one is not."""
    from sracl_core.ground.errors import ModelError

    count = failed = 0
    for promise, broken in verdicts:
        count, failed = count + 1, failed + bool(broken)
        say(f"{'FAILED' if broken else 'ok':8}{promise}")
        for line in broken:
            say(f"{'':8}  {line}")
    if failed:
        raise ModelError(f"{name} breaks {failed} of {count} promises; docs/parts.md says what they are.")


def _project_first() -> None:
    """Look for parts in the folder that this runs in first, as stages do."""
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path.cwd()))
