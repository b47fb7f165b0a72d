"""What every stage's command shares: how it declares its files, the command line, errors without a traceback."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from sracl_core.artifacts.provenance import Provenance, source_digest
from sracl_core.artifacts.seal import require_whole
from sracl_core.ground.console import guarded, running_stage
from sracl_core.ground.plugins import parts_digest
from sracl_core.params.reading.section import Section

PARAMS_FILE = Path("params.yaml")
# The types of the paths that a stage's `main` takes: dvc.yaml is written from them (`make dag`).
In = Annotated[Path, typer.Option(help="what is read")]
Out = Annotated[Path, typer.Option(help="what is written")]


class Kept:
    """How DVC keeps a path that is written, where that is not its usual way: `Annotated[Out, Kept("metrics", …)]`.

    `under` is the list it stands in, and `options` are DVC's for it. `drawn` names what `dvc plots` is to draw
    of a folder, each with its axes.
    """

    def __init__(
        self,
        under: Literal["outs", "metrics", "plots"] = "outs",
        *,
        drawn: dict[str, dict[str, str]] | None = None,
        **options: Any,
    ) -> None:
        self.under, self.drawn, self.options = under, drawn or {}, options


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


def provenance(
    producer: str, sections: Sequence[Section], sources: list[Path], *parts: str, raw: Sequence[Path] = ()
) -> Provenance:
    """Return the provenance of a stage's outputs: its name, the parameters it reads and its input files.

    `sources` are artifacts, `raw` files that none of our stages wrote. `parts` names the parts that the stage uses: the
    code of those from outside is told too. Raises ArtifactError where a source is missing or damaged: its digest would
    certify what no stage wrote, also where the stage reads nothing else of it.
    """
    for path in sources:
        require_whole(path)
    digests = "".join(section.digest() for section in sections)
    params_digest = hashlib.sha256(digests.encode()).hexdigest()
    return Provenance(producer, params_digest, source_digest([*raw, *sources]), parts_digest(parts))
