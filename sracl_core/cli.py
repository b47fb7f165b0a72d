"""`sracl`: what people run by hand; each command is a module of `commands/`."""

from typing import Annotated, Any

from sracl_core.ground.console import INTERRUPTED, guarded, prepare, say

prepare()  # before all that takes its time to load: Ctrl-C then ends in a line too

import typer  # noqa: E402

from sracl_core.commands import check, params, plan, show, store  # noqa: E402


class _App(typer.Typer):
    """A command line that ends in a line also where no command runs yet."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Run the command that `arguments` name, by default those this process was started with."""
        return guarded(self._interruptible)(*arguments, **options)

    def _interruptible(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().__call__(*arguments, **options)
        except SystemExit as end:
            if end.code == INTERRUPTED:  # Typer ends so without a word where no command runs yet
                raise KeyboardInterrupt from None
            raise


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
