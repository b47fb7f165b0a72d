"""Answers in a table of profiles that was written before: a clone whose store is empty takes them over."""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from sracl_core.profile.store.answers import AnswerStore
from sracl_core.profile.store.stored import StoredAnswer, fault_of


class EarlierProfiles:
    """The answers in the table that `load` returns (schema PROFILES), or in none where it returns None.

    The table is loaded when an answer is first missing: most runs find all they need in the store.
    """

    def __init__(self, load: Callable[[], pa.Table | None]) -> None:
        self._load: Callable[[], pa.Table | None] | None = load
        self._table: pa.Table | None = None

    def find(self, addresses: Sequence[str], identity: str) -> list[StoredAnswer]:
        """Return the answers among `addresses`, each of which is of the engine `identity`."""
        if self._load is not None:
            self._table, self._load = self._load(), None
        if self._table is None:
            return []
        wanted = pa.array(addresses, pa.string())
        columns = ["address", "text", "engine", "tokens_in", "tokens_out"]
        rows = self._table.select(columns).filter(pc.is_in(self._table["address"], wanted, skip_nulls=True))
        answers = [StoredAnswer(identity=identity, **row) for row in rows.to_pylist()]
        return list({answer.address: answer for answer in answers if not fault_of(answer)}.values())


def find_paid(
    addresses: Sequence[str], identity: str, store: AnswerStore, earlier: EarlierProfiles | None
) -> tuple[dict[str, StoredAnswer], dict[str, StoredAnswer]]:
    """Return the answers of the engine `identity` at `addresses`: those in `store`, and from `earlier` the others."""
    stored = store.find(addresses)
    missing = [address for address in dict.fromkeys(addresses) if address not in stored]
    rows = earlier.find(missing, identity) if earlier and missing else []
    return stored, {row.address: row for row in rows}
