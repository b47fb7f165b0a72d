"""Progress on long work: a bar on a terminal, one quiet line a minute elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar

from tqdm import tqdm

from sracl_core.ground.console import printable

Item = TypeVar("Item")
SECONDS_BETWEEN_LINES = 60.0


class Progress:
    """Counts `total` units of work named `unit` and shows how far it is.

    On a terminal this is a tqdm bar on stderr; elsewhere a line is printed at most once a minute, so that logs stay
    readable. Without `shown` there is neither. Use as a context manager.
    """

    def __init__(self, title: str, total: int | None, unit: str = "it", *, shown: bool = True) -> None:
        self.title, self.total, self.unit, self.shown = title, total, unit, shown
        self._done, self._note = 0, ""
        self._started = self._last_line = time.monotonic()
        terminal = sys.stderr.isatty()
        # tqdm shows nothing at all on a terminal that does not tell its size.
        sizeless = terminal and not os.get_terminal_size(sys.stderr.fileno()).columns
        columns, rows = (80, 24) if sizeless else (None, None)
        self._bar = tqdm(
            total=total, desc=title, unit=unit, leave=False, disable=not (terminal and shown), ncols=columns, nrows=rows
        )

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count `amount` more units; `note` is a short text shown beside the bar (a loss, a rate)."""
        self._done += amount
        self._note = note or self._note
        if note:
            self._bar.set_postfix_str(printable(note), refresh=False)
        _quietly(lambda: self._bar.update(amount))
        now = time.monotonic()
        if self.shown and self._bar.disable and now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            _quietly(lambda: print(self._line(now), file=sys.stderr, flush=True))

    def _line(self, now: float) -> str:
        elapsed = now - self._started
        of_total = f"/{self.total}" if self.total is not None else ""
        left = ""
        if self.total and self._done:
            left = f", about {elapsed / self._done * (self.total - self._done):.0f} s left"
        note = f", {self._note}" if self._note else ""
        return f"{self.title}: {self._done}{of_total} {self.unit} in {elapsed:.0f} s{left}{note}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _quietly(self._bar.close)


def track(items: Iterable[Item], title: str, total: int | None = None, unit: str = "it") -> Iterator[Item]:
    """Yield `items` while showing progress."""
    with Progress(title, total, unit) as progress:
        for item in items:
            yield item
            progress.advance()


def tell(line: str) -> None:
    """Print one line to stderr, above a bar that may be there."""
    _quietly(lambda: tqdm.write(printable(line), file=sys.stderr))
    _quietly(sys.stderr.flush)


def _quietly(write: Callable[[], object]) -> None:
    """Write, and don't mind a stream that is full or closed: no work is lost for what it would have told."""
    with suppress(OSError, ValueError):
        write()
