"""Stage check: every parameter is valid, or nothing runs.

A wrong parameter stops `dvc repro` at once. The output's content is constant: a right change of parameters re-runs
nothing by way of this stage. DVC leaves the output where it is (persist); then it takes no earlier run's result for it,
since whether data.path is there depends on the place.
"""

from pathlib import Path
from typing import Annotated

from sracl_core.artifacts.writing import atomic_path
from sracl_core.ground.console import say
from sracl_core.params.check import check_params
from stages.entry import PARAMS_FILE, Kept, Out, run


def main(
    params_file: Path = PARAMS_FILE,
    out: Annotated[Out, Kept(persist=True)] = Path("data/interim/params_valid.txt"),
) -> None:
    """Check all sections of the params file, and say so in a file the first stages wait for."""
    out.unlink(missing_ok=True)  # DVC leaves it, and it must not outlive a failed check
    check_params(params_file)
    with atomic_path(out) as temporary:
        temporary.write_text("Every parameter is valid.\n", encoding="utf-8")
    say("Every parameter is valid.")


if __name__ == "__main__":
    run(main)
