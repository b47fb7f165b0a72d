"""A full disk, told in one line: which file, how much is free, where space can be had.

Full is also a file system with space left that takes no further file: it has room for so many (inodes).
"""

import errno
import os
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
FEW = 16  # files that a file system still has room for; what failed has given some back by then


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
    """Return the message for a `path` that could not be written, or for a folder to which nothing could be."""
    to, left = (" to", "") if path.is_dir() else ("", " No part of it was left.")
    return f"{path} could not be written{to}: {how_full(path)}.{left} {remedy(path)} Then run the same again."


def how_full(path: Path) -> str:
    """Return what there is no room for on the disk of `path`, and how much is free there."""
    if _takes_no_file(_folder_of(path)):
        return f"its file system has no room for more files ({free(path)})"
    return f"its disk is full, or a limit on file sizes was reached ({free(path)})"


def free(path: Path) -> str:
    """Return how much is free on the disk of `path`, and how many files it takes where those are few."""
    folder = _folder_of(path)
    disk = os.statvfs(folder)
    files = f"{disk.f_favail} of {disk.f_files} inodes and " if _takes_no_file(folder) else ""
    return f"{files}{size_of(disk.f_bavail * disk.f_frsize)} free in {folder}"


def remedy(path: Path) -> str:
    """Return where space, or room for files, can be had on the disk of `path`."""
    folder = _folder_of(path)
    places = [
        f"{place} ({size_of(size)}): {advice}"
        for place, advice in SPACE.items()
        if _on_one_disk(project_root() / place, folder) and (size := _size_of(place))
    ]
    files = _takes_no_file(folder)
    if places:
        return f"{'Room' if files else 'Space'} can be had here: {'; '.join(places)}."
    return "Remove files that are not needed there, small ones too." if files else "Remove what is not needed there."


def size_of(size: float) -> str:
    """Return a number of bytes as people read it: "512 B", "1.5 MB"."""
    for unit in UNITS[:-1]:
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} {UNITS[-1]}"


def _folder_of(path: Path) -> Path:
    return next(one for one in (path, path.parent, *path.absolute().parents) if one.is_dir())


def _takes_no_file(folder: Path) -> bool:
    disk = os.statvfs(folder)
    return disk.f_files > 0 and disk.f_favail < FEW  # 0 files: this file system does not count them


def _on_one_disk(place: Path, folder: Path) -> bool:
    return place.exists() and place.stat().st_dev == folder.stat().st_dev


def _size_of(place: str) -> int:
    return sum(file.lstat().st_size for file in (project_root() / place).rglob("*") if file.is_file())
