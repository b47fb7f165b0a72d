"""How problems of a params file are told: where it is, what was found, all of them at once; no secret."""

from collections.abc import Sequence
from pathlib import Path

from sracl_core.ground.outside import shown, shown_value
from sracl_core.params.reading.veil import KEY_ADVICE, holds_secret, veiled

MOST_TOLD = 100


def report(path: Path, problems: Sequence[str]) -> str:
    """Return the message for all `problems` of the params file `path`, each line once."""
    problems = list(dict.fromkeys(problems))
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    told = problems[:MOST_TOLD]
    if len(problems) > MOST_TOLD:
        told.append(f"and {len(problems) - MOST_TOLD} more; correct these first")
    return "\n  ".join([f"{count} in {shown(str(path))}:", *map(veiled, told)])


def got(found: object) -> str:
    """Return what was found, unless it may not be shown."""
    return f"got a text that looks like a secret: {KEY_ADVICE}" if holds_secret(found) else f"got {shown_value(found)}"
