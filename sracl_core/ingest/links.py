"""Links among the raw files: one is read, since DVC may link files into its cache, and told if it leads elsewhere."""

import os
from collections.abc import Iterable
from pathlib import Path

from sracl_core.ground.outside import shown


def link_notes(folder: Path, paths: Iterable[Path]) -> list[str]:
    """Return a sentence on each of the files `paths` in `folder` that lies elsewhere, as there is a link on its way.

    They hold absolute paths, so they are for people's eyes alone and belong into no output.
    """
    top = Path(os.path.realpath(folder))
    notes = []
    for path in paths:
        target = Path(os.path.realpath(path))
        if not target.is_relative_to(top):
            name = shown(os.path.relpath(path, folder))
            notes.append(
                f"{name} is a link that leads out of data.path; its target is read: {shown(str(target), 4096)}"
            )
    return notes
