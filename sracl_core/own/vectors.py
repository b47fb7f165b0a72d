"""Vectors that a team brings along, in the place of those that an encoder makes of profiles.

An item or a prefix without a vector gets a random direction: it is near nothing. The mean of all vectors would be near
to everything, and stand in every pool. Where no vectors of users are brought, a prefix has the mean of its items'.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.session import Session
from sracl_core.own.matrix import Vectors, read_vectors_of
from sracl_core.own.texts import OwnColumns, TextCount, known_items, known_users, own_texts
from sracl_core.params.own import VectorTableParams
from sracl_core.ragged import Ragged
from sracl_core.unit_vectors import Kind, prefix_means, random_units, unit_vectors

WHERE = "embed.engines.table"


@dataclass(frozen=True)
class Known:
    """What vectors are looked for: of `items` and `prefixes` (schemas ITEMS and PREFIXES) of `users` (schema USERS).

    `train` holds the training part of each user.
    """

    items: pa.Table
    users: pa.Table
    prefixes: pa.Table
    train: Ragged


class OwnVectors:
    """The files in `folder` that `table` names; `told` says in lines what became of them, `counts` of their records."""

    def __init__(self, session: Session, folder: RawFolder, table: VectorTableParams, known: Known) -> None:
        self._session, self._folder, self._table, self._known = session, folder, table, known
        self.told: list[str] = []
        self.counts: list[TextCount] = []

    def items(self) -> np.ndarray:
        """Return the unit vectors of items 1 … n, float32 [n, D].

        Raises DataError where the files cannot be used, or too many items have no vector.
        """
        columns = OwnColumns("item", (self._table.columns.item, f"{WHERE}.columns.item"), None)
        found, brought = self._found(columns, self._table.items, self._table.item_ids, known_items(self._known.items))
        rows = np.full(len(self._known.items), -1)
        rows[found["item"].to_numpy() - 1] = found["text"].cast(pa.int64()).to_numpy() - 1
        return self._filled("item", rows, brought)

    def users(self, items: np.ndarray) -> np.ndarray:
        """Return the unit vectors of the prefixes, float32 [P, D]; means of `items` [n, D] where none are brought.

        Raises DataError as `items` does.
        """
        known, names = self._known, self._table.columns
        if self._table.users is None:
            means = prefix_means(items, known.train, known.prefixes)
            self.told.append(f"users: {len(means)} prefixes, each with the mean of its items' vectors")
            return unit_vectors(means, random_units(len(means), items.shape[1], self._table.seed, "user"))
        end = (names.end, f"{WHERE}.columns.end") if names.end else None
        columns = OwnColumns("user", (names.user, f"{WHERE}.columns.user"), None, end)
        found, brought = self._found(columns, self._table.users, self._table.user_ids, known_users(known.users))
        records = [int(record) - 1 for record in found["text"].to_pylist()]
        row_of = dict(zip(zip(found["user"].to_pylist(), found["end"].to_pylist(), strict=True), records, strict=True))
        wanted = zip(known.prefixes["user"].to_pylist(), known.prefixes["end"].to_pylist(), strict=True)
        rows = [row_of.get((user, last), row_of.get((user, 0), -1)) for user, last in wanted]
        return self._filled("user", np.array(rows, dtype=np.int64), brought)

    def _found(
        self, columns: OwnColumns, vectors: str | None, ids: str | None, known: pa.Table
    ) -> tuple[pa.Table, Vectors]:
        """The records of what is `known`, as texts are found, each with its number for a text; and all vectors."""
        kind, name = columns.kind, f"{WHERE}.{columns.kind}s"
        file = self._folder.named(str(vectors), name)
        brought = read_vectors_of(file, self._table.columns.vector, f"{WHERE}.columns.vector")
        if ids is None and not brought.table:
            raise DataError(f"{file.name} holds no ids. Name a table of them, row by row, in {WHERE}.{kind}_ids.")
        ids_file = file if ids is None else self._folder.named(ids, f"{WHERE}.{kind}_ids")
        found, count = own_texts(self._session, ids_file, columns, known)
        if count.read.read != len(brought.matrix):
            raise DataError(
                f"{ids_file.name} has {count.read.read} records, but {file.name} has {len(brought.matrix)} vectors. "
                "There must be one record a vector, in the same order."
            )
        self.counts.append(count)
        self.told.append(f"{kind}s: {count.line('vectors')}; dimension {brought.matrix.shape[1]}")
        return found, brought

    def _filled(self, kind: Kind, rows: np.ndarray, brought: Vectors) -> np.ndarray:
        """The unit vectors at `rows` int64 [n] of what is `brought`; where there is none (−1), a random direction."""
        missing = ~np.append(brought.there, False)[rows]  # −1 is the last
        matrix = np.append(brought.matrix, np.zeros((1, brought.matrix.shape[1]), np.float32), axis=0)
        what, most = "items" if kind == "item" else "prefixes", self._table.max_missing
        count = int(missing.sum())
        if count:
            self.told.append(f"{count} of {len(rows)} {what} have no vector, and get a random direction")
        if count > most * len(rows):
            raise DataError(
                f"{count} of {len(rows)} {what} have no vector in {getattr(self._table, f'{kind}s')}, above the share "
                f"{most:g} that {WHERE}.max_missing allows. "
                + " ".join(f"{line}." for line in self.told)
                + f" Bring the missing ones, or raise {WHERE}.max_missing."
            )
        instead = random_units(len(rows), matrix.shape[1], self._table.seed, kind)
        return unit_vectors(np.where(missing[:, None], 0, matrix[rows]), instead)
