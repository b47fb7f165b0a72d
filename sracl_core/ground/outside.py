"""What comes from outside the project: names and values as they may be shown, and what a path leads to.

A key of a YAML file, the name of a file or of a member of an archive may hold what moves a terminal's cursor, or bytes
that are no text at all; a path may lead to a pipe that nobody writes to.
"""

import os
import stat
import unicodedata
from pathlib import Path

LONGEST = 200
KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def shown(text: str, longest: int = LONGEST) -> str:
    r"""Return `text` in one line of signs that can be printed, others as Python writes them; cut where it is longer.

    >>> shown("red\x1b[31m"), shown("caf\udce9.csv")
    ('red\\x1b[31m', 'caf\\xe9.csv')
    """
    written = "".join(sign if sign.isprintable() else _escaped(sign) for sign in text[:longest])
    return written if len(text) <= longest else f"{written}… ({len(text)} characters)"


def shown_value(value: object) -> str:
    """Return `value` as Python writes it, in one line of signs that can be printed; cut where it is longer."""
    try:
        return shown(repr(value))
    except (ValueError, RecursionError):  # Python refuses to write out a number of many digits
        return f"a value that cannot be shown ({type(value).__name__})"


def control_characters(text: str, allowed: str = "") -> str:
    """Return the first sign of `text` that is no character of a text, such as NUL or an escape; "" where none is."""
    return next((sign for sign in text if unicodedata.category(sign) in ("Cc", "Cs") and sign not in allowed), "")


def no_regular_file(path: Path) -> str | None:
    """Return what `path` is instead of a regular file ("a named pipe"); None where it is one, or a link to one.

    Nothing is opened. Raises OSError where nothing can be found out, as where there is nothing.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if not os.path.islink(path):  # noqa: PTH114 - Path's own raises for a name that the system refuses
            raise
        why = f": {error.strerror}" if error.strerror else ""
        return f"a link that leads nowhere{why}"
    if stat.S_ISREG(mode):
        return None
    kind = next((kind for test, kind in KINDS if test(mode)), "no file")
    return f"a link to {kind}" if path.is_symlink() else kind


def _escaped(sign: str) -> str:
    if "\udc80" <= sign <= "\udcff":  # a byte of a file's name that is no UTF-8
        return f"\\x{ord(sign) - 0xDC00:02x}"
    return repr(sign)[1:-1]
