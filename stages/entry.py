"""What every stage's command shares: the command line, and errors without a traceback."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import typer

from sracl_core.artifacts.provenance import Provenance, source_digest
from sracl_core.console import guarded, running_stage
from sracl_core.params.section import Section
from sracl_core.plugins import parts_digest

PARAMS_FILE = Path("params.yaml")


def run(command: Callable[..., None] | typer.Typer) -> None:
    """Run `command`, or a Typer app of several, with the options on the command line.

    An error that a person can mend ends it in one line.
    """
    stage = running_stage()
    app = command
    if not isinstance(app, typer.Typer):
        app = typer.Typer(add_completion=False)
        app.command()(guarded(command, stage))
    guarded(app, stage)()  # the help is printed outside of any command


def provenance(producer: str, sections: list[Section], sources: list[Path], *parts: str) -> Provenance:
    """Return the provenance of a stage's outputs: its name, the parameters it reads and its input files.

    `parts` names the parts that the stage uses: the code of those from outside is told too.
    """
    digests = "".join(section.digest() for section in sections)
    params_digest = hashlib.sha256(digests.encode()).hexdigest()
    return Provenance(producer, params_digest, source_digest(sources), parts_digest(parts))
