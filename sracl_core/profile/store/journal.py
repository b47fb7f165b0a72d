"""Journals: where a writer puts each answer at once, so that no kill can lose one.

A journal is a file of JSON lines with one writer, who holds a lock on it; the lock ends with the process, which is how
a dead writer's journal is known. Each line is one write: a kill can cut the last line only.
"""

import fcntl
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SUFFIX = ".journal"


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
        self._file.write(json.dumps(asdict(answer)).encode() + b"\n")

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
    """The answer on one line, or None where it is not one."""
    try:
        row = StoredAnswer(**json.loads(line))
    except (ValueError, TypeError):
        return None
    texts = (row.address, row.identity, row.text, row.engine)
    counts = (row.tokens_in, row.tokens_out)
    whole = all(isinstance(text, str) for text in texts)
    return row if whole and all(count is None or isinstance(count, int) for count in counts) else None
