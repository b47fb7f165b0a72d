"""Journals: where a writer puts each answer at once, so that no kill can lose one.

A journal is a file of lines with one writer, who holds a lock on it; the lock ends with the process, which is how a
dead writer's journal is known. Each line is one write, a BLAKE2b checksum and JSON, and begins with a line end of its
own: a line that a kill or a full disk cut spoils no other.
"""

import fcntl
import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sracl_core.ground.full_disk import told_when_full
from sracl_core.profile.store.stored import StoredAnswer, fault_of

SUFFIX = ".journal"
CHECKSUM_BYTES = 16


class Journal:
    """A new journal in `folder`, owned by this process."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{uuid.uuid4().hex}{SUFFIX}"
        # Under another name until it is locked, or another writer could take it for a dead one's.
        unlocked = folder / f".{self._path.stem}.part"
        with told_when_full(self._path):
            self._file: Any = unlocked.open("wb", buffering=0)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            unlocked.rename(self._path)

    def append(self, answer: StoredAnswer) -> None:
        """Add one answer; it is safe from a kill of this process when this returns.

        Raises StorageError when the disk is full; then no part of it is left.
        """
        content = json.dumps(asdict(answer)).encode()
        left = memoryview(b"\n" + _checksum(content) + b" " + content + b"\n")
        begin = self._file.tell()
        with told_when_full(self._path):
            try:
                while left:  # a nearly full disk takes a part at first
                    left = left[self._file.write(left) :]
            except OSError:
                with suppress(OSError):  # half a line is seen by whoever reads it, too
                    self._file.truncate(begin)
                    self._file.seek(begin)
                raise

    def clear(self) -> None:
        """Drop all lines, after they went into a segment."""
        self._file.seek(0)
        self._file.truncate()

    def remove(self) -> None:
        """End the journal, after its lines went into a segment."""
        self._path.unlink(missing_ok=True)
        self._file.close()

    def leave(self) -> None:
        """End the journal and leave its lines to the next writer."""
        self._file.close()


def read_journal(path: Path, *, ended: bool = False) -> tuple[list[StoredAnswer], list[int]]:
    """Return the answers in the journal `path`, and the numbers (from 1) of its damaged lines; empty if it is gone.

    The last line may be half written as yet: that is damage only where the writer is known to have `ended`, or found
    to.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:  # its writer has just closed it: the answers are in a segment
        return [], []
    parsed = [(number, _parse(line)) for number, line in enumerate(lines, 1) if line]
    damaged = [number for number, row in parsed if row is None]
    if damaged and damaged[-1] == len(lines) and not ended:
        with claimed(path) as dead:
            if not dead:
                damaged.pop()
    return [row for _, row in parsed if row], damaged


@contextmanager
def claimed(path: Path) -> Iterator[bool]:
    """Yield whether the journal `path` is a dead writer's; nobody else can claim it meanwhile."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield path.exists()


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=CHECKSUM_BYTES).hexdigest().encode()


def _parse(line: bytes) -> StoredAnswer | None:
    """The answer on one line, or None where it is damaged or holds none."""
    checksum, _, content = line.partition(b" ")
    if checksum != _checksum(content):
        return None
    try:
        row = StoredAnswer(**json.loads(content))
    except (ValueError, TypeError, RecursionError):
        return None
    return None if fault_of(row) else row
