"""The store of paid answers: append-only, content-addressed, safe against a killed process and a second one.

A folder of segments (segments.py) and of journals (journal.py), which writers turn into segments: their own when it is
long or they end, and those of dead writers. Nothing is changed in place; compaction writes a new segment before it
removes the old ones. All locks are on the file `lock`, shared while segments are read and exclusive while they change,
and they end with the process that holds them; claims (claims.py) are apart from them. What is damaged is left out and
told of, and so asked for again.
"""

import fcntl
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from sracl_core.ground.errors import StorageError
from sracl_core.ground.full_disk import told_when_full
from sracl_core.ground.outside import shown
from sracl_core.profile.store import journal, segments
from sracl_core.profile.store.claims import Claims
from sracl_core.profile.store.journal import Journal, claimed, read_journal
from sracl_core.profile.store.segments import is_whole, read_segment, table_of, write_segment
from sracl_core.profile.store.stored import StoredAnswer
from sracl_core.progress import tell

JOURNAL_ANSWERS = 2_000
PLACES_TOLD = 3  # of damage, in the line about it


def address_of(identity: str, prompt: str) -> str:
    """Return the address of the answer to `prompt` by the engine `identity`: a SHA-256 of both."""
    return hashlib.sha256(json.dumps([identity, prompt]).encode()).hexdigest()


class AnswerStore:
    """Answers in `folder`, which is made when the first one is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._whole: set[Path] = set()
        self._damaged: dict[str, bool] = {}  # by place: whether it was told of

    @property
    def damaged(self) -> int:
        """Journal lines and files found so far that are not what was written."""
        return len(self._damaged)

    def tell_damage(self) -> None:
        """Say on stderr, in one line, what was found damaged since this was last called, if anything was."""
        new = [place for place, told in self._damaged.items() if not told]
        if not new:
            return
        self._damaged.update(dict.fromkeys(new, True))
        lines = sum(" line " in place for place in new)
        counts = {"journal line": lines, "file": len(new) - lines}
        told = " and ".join(f"{count:,} {name}{'s' * (count > 1)}" for name, count in counts.items() if count)
        places = ", ".join(map(shown, new[:PLACES_TOLD]))
        more = f" and {len(new) - PLACES_TOLD:,} more" if len(new) > PLACES_TOLD else ""
        tell(
            f"Damaged in the store of paid answers {self.folder}: {told} ({places}{more}). They "
            "are left out, and what they held is asked again."
            + (" Put a damaged file back from a copy, or remove it." if lines < len(new) else "")
        )

    def find(self, addresses: Sequence[str]) -> dict[str, StoredAnswer]:
        """Return the stored answers among `addresses`; where two writers answered at once, the same one always."""
        if not self.folder.is_dir() or not addresses:
            return {}
        return {row.address: row for row in self._answers(set(addresses))}

    def writer(self) -> "StoreWriter":
        """Return a writer of new answers, a context manager; first takes over what dead writers left.

        Raises StorageError when the disk is full.
        """
        with told_when_full(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        self._take_over_journals()
        with self._locked(fcntl.LOCK_EX):
            self._remove_leftovers()
            claims = Claims(self.folder)
            return StoreWriter(self, Journal(self.folder), claims)

    def compact(self) -> int:
        """Put all answers into one segment, each address once, and return their count; clear away what kills left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take_over_journals()
        with self._locked(fcntl.LOCK_EX):
            self._remove_leftovers()
            old = self._segments()
            answers = _first_answers(old, [], None)
            kept = write_segment(self.folder, answers)
            for path in old:
                if path != kept:
                    path.unlink()
        return len(answers)

    def contents(self) -> pa.Table:
        """Return what is known of each answer without its text: address, identity, engine, tokens_out."""
        answers = self._answers(None) if self.folder.is_dir() else []
        return table_of(answers).select(["address", "identity", "engine", "tokens_out"])

    def add_segment(self, answers: list[StoredAnswer], forget: Callable[[], None] = lambda: None) -> None:
        """Write `answers` as one segment, if there are any, then `forget` their journal, before anybody reads again.

        Raises StorageError when the disk is full; then nothing is forgotten.
        """
        with self._locked(fcntl.LOCK_EX):
            if answers:
                write_segment(self.folder, answers)
            forget()

    def _answers(self, wanted: set[str] | None) -> list[StoredAnswer]:
        """The answers at the addresses `wanted` (None: all), by address."""
        with self._locked(fcntl.LOCK_SH):
            # Journals before segments: an answer that moves from the one to the other meanwhile is seen in either.
            journaled = [row for path in self._journals() for row in self._journal(path)]
            return _first_answers(self._segments(), journaled, wanted)

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        path = self.folder / "lock"
        with told_when_full(path):
            lock = path.open("a")
        with lock:
            fcntl.flock(lock, kind)
            yield

    def _take_over_journals(self) -> None:
        for path in self._journals():
            with claimed(path) as dead:
                if dead:
                    self.add_segment(self._journal(path, ended=True), path.unlink)

    def _remove_leftovers(self) -> None:
        """Remove the beginnings of files that killed writers left: who begins one holds the lock that is held here."""
        for path in self.folder.glob(".*.part"):
            if not path.is_dir():
                path.unlink()

    def _segments(self) -> list[Path]:
        """The undamaged segments, by name."""
        found = sorted(self.folder.glob(f"*{segments.SUFFIX}"))
        for path in found:
            if path not in self._whole and path.name not in self._damaged:
                if is_whole(path):
                    self._whole.add(path)
                else:
                    self._damaged[path.name] = False
        return [path for path in found if path in self._whole]

    def _journals(self) -> list[Path]:
        """The journals, by name; what bears such a name and is no file, a folder or a pipe, counts as damaged."""
        found = sorted(self.folder.glob(f"*{journal.SUFFIX}"))
        for path in found:
            if not path.is_file() and os.path.lexists(path):  # one that is gone has become a segment
                self._damaged.setdefault(path.name, False)
        return [path for path in found if path.name not in self._damaged]

    def _journal(self, path: Path, *, ended: bool = False) -> list[StoredAnswer]:
        answers, damaged = read_journal(path, ended=ended)
        for number in damaged:
            self._damaged.setdefault(f"{path.name} line {number}", False)
        return answers


class StoreWriter:
    """Appends answers to `store`, and holds `claims` on those that are being asked for; a context manager."""

    def __init__(self, store: AnswerStore, journal: Journal, claims: Claims) -> None:
        self.store, self.claims = store, claims
        self.told_of_waiting = False  # that answers of another run are waited for
        self._journal = journal
        self._answers: list[StoredAnswer] = []

    def add(self, answer: StoredAnswer) -> None:
        """Store one answer; it is safe from a kill when this returns. Raises StorageError when the disk is full."""
        try:
            self._journal.append(answer)
            self._answers.append(answer)
            if len(self._answers) >= JOURNAL_ANSWERS:
                self.store.add_segment(self._answers, self._journal.clear)
                self._answers = []
        except StorageError as error:
            raise StorageError(f"{error} The answers that came before are kept, and not asked for again.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.claims.close()
        self.store.tell_damage()
        try:
            self.store.add_segment(self._answers, self._journal.remove)
        except StorageError:
            self._journal.leave()
            if error is None:
                raise


def _first_answers(whole: list[Path], journaled: list[StoredAnswer], wanted: set[str] | None) -> list[StoredAnswer]:
    """Return one answer an address, by address, of those `wanted` (None: all); the choice is by content alone."""
    chosen: dict[str, StoredAnswer] = {}
    for rows in (journaled, *(read_segment(path, wanted) for path in whole)):
        for row in rows:
            if wanted is None or row.address in wanted:
                other = chosen.setdefault(row.address, row)
                if other is not row and _rank(row) < _rank(other):
                    chosen[row.address] = row
    return [chosen[address] for address in sorted(chosen)]


def _rank(row: StoredAnswer) -> tuple[str, str, float, float]:
    """What two answers at one address are compared by."""
    counts = [math.inf if count is None else count for count in (row.tokens_in, row.tokens_out)]
    return row.text, row.engine, counts[0], counts[1]
