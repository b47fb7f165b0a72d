"""What the commands share: how an error ends one, and how sizes are written."""

import sys
from typing import NoReturn

import typer


def fail(error: Exception) -> NoReturn:
    """End the command with the message of `error`."""
    print(f"error: {error}", file=sys.stderr)
    raise typer.Exit(1) from None


def size_of(size: float) -> str:
    """Return a number of bytes as people read it: "512 B", "1.5 MB"."""
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
