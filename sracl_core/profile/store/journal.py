"""Journals: where a writer puts each answer at once, so that no kill can lose one.

A journal is a file with one writer, who holds a lock on it; the lock ends with the process, which is how the journal of
a dead writer is known. Each line is a checksum and one answer as JSON. It is one write, so that a kill can cut the last
line only; a line that is not as it was written is left out, and its answer is asked for again.
"""

import errno
import fcntl
import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sracl_core.artifacts.full_disk import told_when_full

SUFFIX = ".journal"
CHECKSUM_DIGITS = 32  # hexadecimal


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """One answer in the store; `identity` is the engine's, for whoever looks into the folder."""

    address: str
    identity: str
    text: str
    engine: str
    tokens_in: int | None
    tokens_out: int | None


class Journal:
    """A new journal in `folder`, owned by this process."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{uuid.uuid4().hex}{SUFFIX}"
        # Under another name until it is locked, or another writer could take it for a dead one's.
        unlocked = folder / f".{self._path.stem}.part"
        self._file: Any = unlocked.open("wb", buffering=0)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        unlocked.rename(self._path)

    def append(self, answer: StoredAnswer) -> None:
        """Add one answer; it is safe from a kill of this process when this returns."""
        line = json.dumps(asdict(answer)).encode()
        with told_when_full(self._path):
            written = self._file.write(_checksum(line) + b" " + line + b"\n")
            if written != len(line) + CHECKSUM_DIGITS + 2:
                raise OSError(errno.ENOSPC, "No space left on device", str(self._path))

    def clear(self) -> None:
        """Drop all lines, after they went into a segment."""
        self._file.seek(0)
        self._file.truncate()

    def remove(self) -> None:
        """End the journal, after its lines went into a segment."""
        self._path.unlink(missing_ok=True)
        self._file.close()


def read_journal(path: Path) -> tuple[list[StoredAnswer], list[int]]:
    """Return the answers in the journal `path`, and the numbers of the lines that hold none; empty if it is gone."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:  # its writer has just closed it: the answers are in a segment
        return [], []
    parsed = [(number, _parse(line)) for number, line in enumerate(lines) if line]
    return [row for _, row in parsed if row], [number for number, row in parsed if row is None]


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


def _parse(line: bytes) -> StoredAnswer | None:
    """The answer on one line, or None where it is not one, or not the one that was written."""
    checksum, _, content = line.partition(b" ")
    if checksum != _checksum(content):
        return None
    try:
        row = StoredAnswer(**json.loads(content))
        texts = [text.encode() for text in (row.address, row.identity, row.text, row.engine)]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    counts = (row.tokens_in, row.tokens_out)
    whole = re.fullmatch(b"[0-9a-f]{64}", texts[0]) and all(_is_count(count) for count in counts)
    return row if whole else None


def _is_count(value: object) -> bool:
    """Whether `value` is a number of tokens that a segment can hold, or none."""
    return value is None or (type(value) is int and 0 <= value < 2**31)


def _checksum(line: bytes) -> bytes:
    return hashlib.blake2b(line, digest_size=CHECKSUM_DIGITS // 2).hexdigest().encode()
