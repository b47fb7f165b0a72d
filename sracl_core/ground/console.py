"""What a person sees of a run, on streams that may be closed, full, or of another encoding; and how a run ends.

Nothing untrusted reaches a terminal with its control characters: `say` and `complain` print what `printable` returns.
"""

import atexit
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache, wraps
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from sracl_core.ground.errors import SraclError
from sracl_core.ground.faults import address_space, small_address_space, told
from sracl_core.ground.outside import shown

P = ParamSpec("P")
R = TypeVar("R")
FAILED = 1
MISUSED = 2  # of a command line that Typer refuses
INTERRUPTED = 130  # 128 + SIGINT, as shells say it
NOBODY_READS = 141  # 128 + SIGPIPE


def printable(text: str) -> str:
    """Return `text` with its lines and tabs, every other sign that cannot be printed as Python writes it."""
    return "\n".join("\t".join(shown(part, len(part)) for part in line.split("\t")) for line in text.split("\n"))


def say(text: str) -> None:
    """Print `text` to stdout."""
    print(printable(text))


def complain(text: str) -> None:
    """Print `text` to stderr, or to stdout where stderr is closed; a stream that refuses is no reason to fail."""
    stream = sys.stderr if _closed.get("stderr") is None else sys.stdout
    with suppress(OSError, ValueError):
        print(printable(text), file=stream, flush=True)


def guarded(command: Callable[P, R], stage: str = "") -> Callable[P, R]:
    """Return `command` with an end for each error a person can do something about: its message, and exit status 1.

    `stage` names the stage, for what eases its memory. Ctrl-C ends with 130, a reader that went away with 141. A defect
    of the program keeps its traceback.
    """

    @wraps(command)
    def ending(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return command(*arguments, **options)
        except SystemExit as end:
            if end.code == MISUSED and "stderr" in _closed:  # what was wrong has been said to nobody
                complain("error: the command line was not understood; --help tells what it may be.")
            raise
        except KeyboardInterrupt:
            _say_interrupted()
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            _give_up_stdout()
            sys.exit(NOBODY_READS)
        except Exception as error:
            line = told(error, stage)
            if line is None:
                raise
            complain(f"error: {line}")
            sys.exit(getattr(error, "status", FAILED) if isinstance(error, SraclError) else FAILED)

    return ending


@cache
def prepare() -> None:
    """Make the streams safe to write to, and let errors outside a command, while it is imported, end in one line too.

    A number below 3 that is free would be given to the next file opened, and what a library prints would go into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            _closed[name] = os.open(os.devnull, os.O_RDWR)
            if _closed[name] != number:
                os.dup2(_closed[name], number)
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w", closefd=False))
        elif hasattr(stream, "reconfigure") and name != "stdin":
            stream.reconfigure(errors="backslashreplace")
    sys.excepthook, sys.unraisablehook = _hook, _ignored
    atexit.register(_flush)
    if note := small_address_space():
        complain(f"warning: {note}")


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tell of an error that nothing caught, and end with its exit status, as `guarded` does."""
    if issubclass(kind, KeyboardInterrupt):
        _say_interrupted()
        _flush()
        os._exit(INTERRUPTED)  # half-loaded libraries say more than anybody wants to know when they are taken down
    try:
        line = told(error, running_stage())
        if line is None:
            sys.__excepthook__(kind, error, trace)
        else:
            complain(f"error: {line}")
    except BaseException:  # not even memory for a message was left
        os.write(2, b"error: memory did not suffice. Free memory, or raise ulimit -v.\n")


def _ignored(unraisable: Any) -> None:
    """Tell of an error in a place where Python can't raise one, in a line where a shortage is behind it."""
    line = told(unraisable.exc_value) if unraisable.exc_value is not None else None
    if line is None:
        sys.__unraisablehook__(unraisable)
    else:
        complain(f"warning: {line}")


@cache
def _say_interrupted() -> None:
    """Say, once, what ended the run: Ctrl-C, or a library without memory for its threads, which sends that signal."""
    complain("interrupted" if address_space() is None else f"interrupted: {small_address_space() or 'by you'}")


def running_stage() -> str:
    """Return the stage that this process was started for by `python -m stages.NAME`; "" for another process."""
    main = getattr(sys.modules.get("__main__"), "__spec__", None)
    return main.name.rpartition(".")[2] if main is not None else ""


def _flush() -> None:
    """Write what is still in stdout's buffer; where that fails at the very end, say so and fail."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os._exit(NOBODY_READS)
    except (OSError, ValueError) as error:
        complain(f"error: the output could not be printed: {error}")
        os._exit(FAILED)


def _give_up_stdout() -> None:
    """Send what is still to be printed nowhere: nobody reads it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


_closed: dict[str, int] = {}
