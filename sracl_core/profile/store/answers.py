"""The store of paid answers: append-only, content-addressed, safe against a killed process and a second one.

A folder of Parquet segments, each named by the SHA-256 of its own bytes, so that a damaged one is seen and left out,
and of journals (journal.py), which writers turn into segments: their own when it is long or they end, and those of dead
writers. Nothing is changed in place; compaction writes a new segment before it removes the old ones. All locks are on
the file `lock`, shared while segments are read and exclusive while they change, and they end with the process that
holds them.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from sracl_core.artifacts.writing import atomic_path
from sracl_core.profile.store.claims import Claims
from sracl_core.profile.store.journal import SUFFIX, Journal, StoredAnswer, claimed, read_journal

ANSWERS = pa.schema(
    [
        ("address", pa.string()),
        ("identity", pa.string()),
        ("text", pa.string()),
        ("engine", pa.string()),
        ("tokens_in", pa.int32()),
        ("tokens_out", pa.int32()),
    ]
)
JOURNAL_ANSWERS = 2_000
SHOWN = 3


def address_of(identity: str, prompt: str) -> str:
    """Return the address of the answer to `prompt` by the engine `identity`: a SHA-256 of both."""
    return hashlib.sha256(json.dumps([identity, prompt]).encode()).hexdigest()


class AnswerStore:
    """Answers in `folder`, which is made when the first one is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._whole: set[Path] = set()
        self._damaged: set[str] = set()

    @property
    def damaged(self) -> int:
        """Segments whose bytes are not the ones written, and journal lines that were cut, found so far."""
        return len(self._damaged)

    def damage(self) -> str:
        """Return one line on what was left out."""
        places = sorted(self._damaged)
        more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
        return (
            f"{len(places):,} damaged segments or lines of journals in {self.folder} were left out, and their answers "
            f"asked for again: {', '.join(places[:SHOWN])}{more}."
        )

    def find(self, addresses: Sequence[str]) -> dict[str, StoredAnswer]:
        """Return the stored answers among `addresses`; where two writers answered at once, the same one always."""
        if not self.folder.is_dir():
            return {}
        return {row.address: row for row in self._answers(addresses)}

    def writer(self) -> "StoreWriter":
        """Return a writer of new answers, a context manager; first takes over the journals of dead writers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take_over_journals()
        with self._locked(fcntl.LOCK_EX):
            return StoreWriter(self, Journal(self.folder))

    def compact(self) -> int:
        """Put all answers into one segment, each address once, and return their count; clear away what kills left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take_over_journals()
        with self._locked(fcntl.LOCK_EX):
            old = self._segments()
            for leftover in self.folder.glob(".*.part"):
                leftover.unlink()
            answers = _first_answers(old, [], None)
            kept = self._write_segment(answers)
            for path in old:
                if path != kept:
                    path.unlink()
        return len(answers)

    def contents(self) -> pa.Table:
        """Return what is known of each answer without its text: address, identity, engine, tokens_out."""
        if not self.folder.is_dir():
            return ANSWERS.empty_table().select(["address", "identity", "engine", "tokens_out"])
        return _table(self._answers(None)).select(["address", "identity", "engine", "tokens_out"])

    def add_segment(self, answers: list[StoredAnswer]) -> None:
        """Write `answers` as one segment, if there are any."""
        if answers:
            with self._locked(fcntl.LOCK_EX):
                self._write_segment(answers)

    def _answers(self, wanted: Sequence[str] | None) -> list[StoredAnswer]:
        """The answers at the addresses `wanted` (None: all), by address."""
        with self._locked(fcntl.LOCK_SH):
            # Journals before segments: an answer that moves from the one to the other meanwhile is seen in either.
            journaled = [row for path in sorted(self.folder.glob(f"*{SUFFIX}")) for row in self._journal(path)]
            return _first_answers(self._segments(), journaled, wanted)

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        with (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, kind)
            yield

    def _take_over_journals(self) -> None:
        for path in self.folder.glob(f"*{SUFFIX}"):
            with claimed(path) as dead:
                if dead:
                    self.add_segment(self._journal(path))
                    path.unlink()

    def _write_segment(self, answers: list[StoredAnswer]) -> Path:
        stream = pa.BufferOutputStream()
        pq.write_table(_table(answers), stream, compression="zstd")
        content = stream.getvalue().to_pybytes()
        path = self.folder / f"{hashlib.sha256(content).hexdigest()}.parquet"
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return path

    def _segments(self) -> list[Path]:
        """The undamaged segments, by name."""
        found = sorted(self.folder.glob("*.parquet"))
        for path in found:
            if path not in self._whole:
                if hashlib.sha256(path.read_bytes()).hexdigest() == path.stem and _is_segment(path):
                    self._whole.add(path)
                else:
                    self._damaged.add(path.name)
        return [path for path in found if path in self._whole]

    def _journal(self, path: Path) -> list[StoredAnswer]:
        answers, cut_lines = read_journal(path)
        self._damaged.update(f"{path.name}:{number}" for number in cut_lines)
        return answers


class StoreWriter:
    """Appends answers to `store`, and holds `claims` to those that are asked for; a context manager."""

    def __init__(self, store: AnswerStore, journal: Journal) -> None:
        self.store, self._journal = store, journal
        self.claims = Claims(store.folder)
        self._answers: list[StoredAnswer] = []

    def add(self, answer: StoredAnswer) -> None:
        """Store one answer; it is safe from a kill when this returns."""
        self._journal.append(answer)
        self._answers.append(answer)
        if len(self._answers) >= JOURNAL_ANSWERS:
            self.store.add_segment(self._answers)
            self._journal.clear()
            self._answers = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.add_segment(self._answers)
        self._journal.remove()
        self.claims.close()


def _is_segment(path: Path) -> bool:
    """Whether the file has the columns of a segment: its name alone anybody can work out."""
    try:
        return pq.read_schema(path).equals(ANSWERS)
    except (pa.ArrowException, OSError, ValueError):
        return False


def _first_answers(
    segments: list[Path], journaled: list[StoredAnswer], wanted: Sequence[str] | None
) -> list[StoredAnswer]:
    """Return one answer an address, by address, of those `wanted` (None: all); the choice is by content alone."""
    import duckdb

    with duckdb.connect() as connection:
        connection.register("journaled", _table(journaled))
        stored = "FROM journaled"
        if segments:
            stored += " UNION ALL BY NAME FROM read_parquet($segments)"
        if wanted is not None:
            connection.register("wanted", pa.table({"address": pa.array(wanted, pa.string())}))
            stored = f"FROM ({stored}) SEMI JOIN wanted USING (address)"
        rows = connection.execute(
            # Only fixed names are put into the text of the query.
            f"SELECT {', '.join(ANSWERS.names)} FROM ({stored})"  # noqa: S608
            " QUALIFY row_number() OVER (PARTITION BY address ORDER BY text, engine, tokens_in, tokens_out) = 1"
            " ORDER BY address",
            {"segments": [str(path) for path in segments]} if segments else {},
        ).fetchall()
    return [StoredAnswer(*row) for row in rows]


def _table(answers: list[StoredAnswer]) -> pa.Table:
    return pa.Table.from_pylist([asdict(answer) for answer in answers], schema=ANSWERS)
