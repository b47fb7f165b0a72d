"""Ctrl-C and SIGTERM while training: heard between two steps, so that what is kept then is whole."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

HEARD = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Takes the first signal as a wish to stop, in `received`; a second one acts at once, as ever.

    A context manager. Outside the main thread Python hears no signals, and neither does this.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._hear) for number in HEARD}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.received = signal.Signals(number)
        self._give_back()

    def _give_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


def stop(number: int) -> NoReturn:
    """End the way the signal `number` would have ended it: KeyboardInterrupt, or exit status 143 for SIGTERM."""
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
