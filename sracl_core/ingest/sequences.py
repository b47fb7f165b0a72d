"""From sorted interactions to files: interactions, sequences and users, in one pass of bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import TableWriter
from sracl_core.ingest.raw.session import Session
from sracl_core.ingest.split import Split
from sracl_core.ingest.staging.timestamps import Clock
from sracl_core.progress import Progress
from sracl_core.ragged import Ragged
from sracl_core.schemas.ingest import INTERACTIONS, SEQUENCES, USERS

ROWS_AT_ONCE = 1 << 20


@dataclass
class SplitCount:
    """Interactions in each part, and the users whose parts are not all there.

    `valid_targets` and `test_targets` are users with an interaction in the part and a history before it.
    """

    train: int = 0
    valid: int = 0
    test: int = 0
    users_train_only: int = 0
    users_without_train: int = 0
    users_without_valid: int = 0
    users_without_test: int = 0
    valid_targets: int = 0
    test_targets: int = 0


@dataclass(frozen=True)
class History:
    """Whole histories of consecutive users: `users` int32 [U], `items` and `timestamps` with one row a user."""

    users: np.ndarray
    items: Ragged
    timestamps: Ragged
    positions: np.ndarray = field(init=False)  # int32 [N]: place of each interaction in its history, from 0

    def __post_init__(self) -> None:
        starts = np.repeat(self.items.offsets[:-1], self.items.lengths)
        object.__setattr__(self, "positions", (np.arange(len(self.items.values)) - starts).astype(np.int32))

    def rows(self) -> pa.Table:
        """Return the interactions one by one."""
        columns = [
            np.repeat(self.users, self.items.lengths),
            self.items.values,
            self.timestamps.values,
            self.positions,
        ]
        return pa.table(columns, schema=INTERACTIONS)

    def parts(self, split: Split) -> tuple[Ragged, Ragged, Ragged]:
        """Return the items of training, validation and test, one row a user each."""
        valid_start, test_start = split.ends(self.timestamps)  # [U], [U]
        zero, ends = np.zeros_like(valid_start), self.items.lengths
        return self._part(zero, valid_start), self._part(valid_start, test_start), self._part(test_start, ends)

    def _part(self, starts: np.ndarray, ends: np.ndarray) -> Ragged:
        lengths = self.items.lengths
        inside = (self.positions >= np.repeat(starts, lengths)) & (self.positions < np.repeat(ends, lengths))
        return Ragged(self.items.values[inside], np.concatenate([[0], np.cumsum(ends - starts, dtype=np.int64)]))


def histories(tables: Iterator[pa.Table]) -> Iterator[History]:
    """Yield whole histories from `tables` of (user, item, timestamp), sorted by user and time, cut anywhere."""
    waiting: pa.Table | None = None
    for table in tables:
        joined = table if waiting is None else pa.concat_tables([waiting, table])
        users = joined["user"].to_numpy()
        begin = int(np.searchsorted(users, users[-1]))  # the last user may go on in the next table
        if begin:
            yield _history(joined.slice(0, begin))
        waiting = joined.slice(begin)
    if waiting is not None and waiting.num_rows:
        yield _history(waiting)


def write_sequences(
    session: Session,
    split: Split,
    interactions: int,
    clock: Clock,
    provenance: Provenance,
    *,
    interactions_path: Path,
    sequences_path: Path,
    users_path: Path,
) -> SplitCount:
    """Write the three files from the tables of `filter.py`; `interactions` is their number, for progress."""
    count = SplitCount()
    rows = f"""
        SELECT "user", item, {clock.seconds("moment")} AS timestamp
        FROM kept JOIN users USING (user_number) JOIN items_kept USING (item_number)
        ORDER BY "user", moment, record"""  # noqa: S608 - put together from code
    n_train: list[np.ndarray] = []
    with (
        TableWriter(interactions_path, INTERACTIONS, provenance) as interactions_file,
        TableWriter(sequences_path, SEQUENCES, provenance) as sequences_file,
        Progress("writing sequences", interactions, "interaction") as progress,
    ):
        for history in histories(session.tables(rows, ROWS_AT_ONCE)):
            train, valid, test = history.parts(split)
            interactions_file.write(history.rows())
            columns = [pa.array(history.users), train.to_column(), valid.to_column(), test.to_column()]
            sequences_file.write(pa.table(columns, schema=SEQUENCES))
            n_train.append(train.lengths.astype(np.int32))
            _add(count, train.lengths, valid.lengths, test.lengths)
            progress.advance(len(history.positions))
    _write_users(session, np.concatenate(n_train), users_path, provenance)
    return count


def _write_users(session: Session, n_train: np.ndarray, path: Path, provenance: Provenance) -> None:
    written = 0
    with TableWriter(path, USERS, provenance) as file:
        for table in session.tables('SELECT "user", user_id FROM users ORDER BY "user"', ROWS_AT_ONCE):
            part = n_train[written : written + table.num_rows]
            file.write(table.append_column("n_train", pa.array(part)))
            written += table.num_rows


def _history(table: pa.Table) -> History:
    users = table["user"].to_numpy()  # [N], ascending
    starts = np.flatnonzero(np.diff(users, prepend=users[0] - 1))  # [U]
    offsets = np.append(starts, len(users)).astype(np.int64)
    items, timestamps = (Ragged(table[name].to_numpy(), offsets) for name in ("item", "timestamp"))
    return History(users[starts], items, timestamps)


def _add(count: SplitCount, train: np.ndarray, valid: np.ndarray, test: np.ndarray) -> None:
    """Add the users of one history; the arguments are lengths of their parts, [U] each."""
    count.train += int(train.sum())
    count.valid += int(valid.sum())
    count.test += int(test.sum())
    count.users_train_only += int(((valid == 0) & (test == 0)).sum())
    count.users_without_train += int((train == 0).sum())
    count.users_without_valid += int((valid == 0).sum())
    count.users_without_test += int((test == 0).sum())
    count.valid_targets += int(((valid > 0) & (train > 0)).sum())
    count.test_targets += int(((test > 0) & (train + valid > 0)).sum())
