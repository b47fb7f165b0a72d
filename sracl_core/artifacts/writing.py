"""Files and folders that are written under another name first, and what a kill leaves of them.

The other name is held by a lock that ends with the process. So the next writer knows what a killed one left behind,
and removes it; what a living one is writing stays.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO

from sracl_core.ground.full_disk import told_when_full

PART = ".part"


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, renamed to it on success and removed on failure.

    A reader sees the old file or the whole new one, never a part. What killed processes left of the same file is
    removed first. Raises StorageError when the disk is full, and OSError that names `path` where it is refused.
    """
    with told_when_full(path), _named(path, path.parent, path.name):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent, path.name)
        with _held(path.parent, path.name) as temporary:
            yield temporary
            temporary.replace(path)


@contextmanager
def temporary_folder(beside: Path, name: str) -> Iterator[Path]:
    """Yield a new hidden folder in `beside`, whose name begins with `name`; it is removed afterwards.

    Folders of the same name that killed processes left are removed first. Raises StorageError when the disk is full,
    and OSError that names `beside` where it is refused.
    """
    with told_when_full(beside), _named(beside, beside, name):
        beside.mkdir(parents=True, exist_ok=True)
        remove_leftovers(beside, name)
        with _held(beside, name) as lock:
            folder = lock.with_suffix("")
            folder.mkdir()
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(folder: Path, name: str) -> None:
    """Remove from `folder` what killed writers of `name` left there, and nothing that a living one holds."""
    for lock in folder.glob(f".{escape(name)}.*{PART}"):
        with suppress(OSError), lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while its writer lives
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink()


@contextmanager
def _named(shown: Path, folder: Path, name: str) -> Iterator[None]:
    """Let an error that names a temporary file of `name` in `folder`, which nobody knows, name `shown` instead."""
    try:
        yield
    except OSError as error:
        if isinstance(error.filename, str | Path) and str(error.filename).startswith(str(folder / f".{name}.")):
            error.filename = str(shown)
        raise


@contextmanager
def _held(folder: Path, name: str) -> Iterator[Path]:
    """Yield a new file in `folder` that this process holds; it is removed at the end, unless it was renamed."""
    file = _new_held(folder, name)
    held = Path(file.name)
    try:
        yield held
    finally:
        held.unlink(missing_ok=True)
        file.close()


def _new_held(folder: Path, name: str) -> BinaryIO:
    while True:
        path = folder / f".{name}.{secrets.token_hex(4)}{PART}"
        file = path.open("xb")
        with suppress(OSError):  # a file system without locks: then nothing is ever taken for a leftover either
            fcntl.flock(file, fcntl.LOCK_EX)
        # Between the two lines another process may have taken it for a leftover.
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(file.fileno())):
                return file
        file.close()
