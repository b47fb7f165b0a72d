"""Names that were mistyped."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the valid name closest to `name`, if one is close."""
    return next(iter(get_close_matches(name, list(names), n=1, cutoff=0.6)), None)
