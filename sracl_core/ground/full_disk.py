"""A full disk, told in one line: which file, how much is free, where space can be had."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sracl_core.ground.errors import StorageError
from sracl_core.ground.root import project_root

NUMBERS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Arrow, DuckDB, FAISS and safetensors raise errors of their own, with the system's words in them.
WORDS = ("no space left on device", "disk quota exceeded", "file too large")
SPACE = {
    ".dvc/cache": "`dvc gc --workspace` removes results of other runs from it",
    ".sracl/checkpoints": "may be removed where no stopped training is to go on",
    ".sracl/store": "`sracl store compact` makes it smaller",
}
UNITS = ("B", "KB", "MB", "GB")


@contextmanager
def told_when_full(path: Path) -> Iterator[None]:
    """Turn any error inside that comes of a full disk, while `path` is written, into a StorageError."""
    try:
        yield
    except Exception as error:
        if not means_full(error):
            raise
        raise StorageError(why_full(path)) from None


def means_full(error: BaseException) -> bool:
    """Whether `error` says that the disk is full, or that this user may write no more."""
    if isinstance(error, OSError) and error.errno in NUMBERS:
        return True
    return not isinstance(error, StorageError) and any(words in str(error).lower() for words in WORDS)


def why_full(path: Path) -> str:
    """Return the message for a `path` that could not be written."""
    folder = next(one for one in (path.parent, *path.absolute().parents) if one.is_dir())
    free = size_of(shutil.disk_usage(folder).free)
    places = [
        f"{place} ({size_of(size)}): {advice}"
        for place, advice in SPACE.items()
        if _on_one_disk(project_root() / place, folder) and (size := _size_of(place))
    ]
    where = f"Space can be had here: {'; '.join(places)}." if places else "Remove what is not needed there."
    return (
        f"{path} could not be written: its disk is full, or a limit on file sizes was reached ({free} free in "
        f"{folder}). No part of it was left. {where} Then run the same again."
    )


def size_of(size: float) -> str:
    """Return a number of bytes as people read it: "512 B", "1.5 MB"."""
    for unit in UNITS[:-1]:
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} {UNITS[-1]}"


def _on_one_disk(place: Path, folder: Path) -> bool:
    return place.exists() and place.stat().st_dev == folder.stat().st_dev


def _size_of(place: str) -> int:
    return sum(file.lstat().st_size for file in (project_root() / place).rglob("*") if file.is_file())
