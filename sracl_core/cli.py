"""`sracl`: what people run by hand; each command is a module of `commands/`."""

from typing import Annotated, Any

import typer

from sracl_core.commands import check, params, plan, show, store
from sracl_core.ground.console import guarded, prepare, say


class _App(typer.Typer):
    """A command line that is ready for every kind of stream, and ends in a line also where no command runs yet."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Run the command that `arguments` name, by default those this process was started with."""
        prepare()
        return guarded(super().__call__)(*arguments, **options)


app = _App(
    no_args_is_help=True,
    add_completion=False,
    help="SRA-CL, from raw logs to an evaluated model.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(params.app, name="params")
app.add_typer(check.app, name="check")
app.add_typer(store.app, name="store")
app.command()(plan.plan)
app.command()(show.show)


def _version(asked: bool) -> None:
    if asked:
        from sracl_core.ground.version import VERSION

        say(f"sracl {VERSION}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """SRA-CL, from raw logs to an evaluated model. The pipeline itself is run with `dvc repro`."""


def run() -> None:
    """Run the command line that this process was started with."""
    app()
