"""Tables on a terminal or in a file: what they hold is data, and shown as it stands."""

import sys

from rich.console import Console
from rich.markup import escape

from sracl_core.ground.console import printable


class TableConsole(Console):
    """Prints tables, without cutting their lines where stdout is no terminal."""

    def __init__(self) -> None:
        super().__init__(soft_wrap=not sys.stdout.isatty())

    def on_broken_pipe(self) -> None:
        """Leave it to the end of the run what is done where nobody reads: rich would end with status 1."""
        raise  # noqa: PLE0704 - rich calls this where it handles the BrokenPipeError


def cell(text: str) -> str:
    """Return `text` without what would move a cursor or mean something to rich."""
    return escape(printable(text))
