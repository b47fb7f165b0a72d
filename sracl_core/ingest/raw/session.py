"""A DuckDB database on disk for the time of one ingest: bounded memory, spilling beside the outputs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from sracl_core.artifacts.writing import temporary_folder
from sracl_core.ground.errors import DataError, StorageError
from sracl_core.ground.full_disk import means_full, why_full
from sracl_core.ground.machine import usable_cores
from sracl_core.ingest.raw import sql
from sracl_core.ingest.raw.literals import literals_as_json


class Session:
    """A connection with the functions of `sql.MACROS`, and a `folder` for temporary files."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, memory_gb: float) -> None:
        self.connection, self.folder, self.memory_gb = connection, folder, memory_gb

    def run(self, statement: str) -> None:
        """Execute one or more statements."""
        with self._explained():
            self.connection.execute(statement)

    def row(self, query: str) -> tuple[Any, ...]:
        """Return the only row of `query`."""
        return self.rows(query)[0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return all rows of `query`, which must be few."""
        with self._explained():
            return self.connection.execute(query).fetchall()

    def tables(self, query: str, rows: int) -> Iterator[pa.Table]:
        """Yield the result of `query` in tables of exactly `rows` rows (the last one has the rest).

        The cuts don't depend on threads, so neither do the bytes of a file written from them.
        """
        with self._explained():
            waiting: list[pa.RecordBatch] = []
            held = 0
            for batch in self.connection.sql(query).to_arrow_reader(rows):
                waiting.append(batch)
                held += batch.num_rows
                while held >= rows:
                    table = pa.Table.from_batches(waiting)
                    yield table.slice(0, rows)
                    waiting = table.slice(rows).to_batches()
                    held -= rows
            if held:
                yield pa.Table.from_batches(waiting)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            said = str(error).splitlines()[0]
            if means_full(error) or _no_room_to_spill(error):
                raise StorageError(f"{why_full(self.folder.parent)} DuckDB says: {said}") from None
            if isinstance(error, duckdb.OutOfMemoryException):
                raise DataError(
                    f"{self.memory_gb:g} GB of memory do not suffice: raise runtime.memory_gb, or lower "
                    f"runtime.threads. DuckDB says: {said}"
                ) from None
            raise DataError(f"{self.folder.parent} could not be read or written: {said}. See to its disk.") from None


def _no_room_to_spill(error: Exception) -> bool:
    """Whether DuckDB had to put rows aside and its own limit, nine tenths of what the disk had free, was reached."""
    return "max_temp_directory_size" in str(error) or "failed to offload data block" in str(error)


@contextmanager
def open_session(beside: Path, *, memory_gb: float, threads: int | None) -> Iterator[Session]:
    """Yield a session whose files lie in a temporary folder in `beside` that is removed afterwards, also on failure.

    `memory_gb` (10⁹ bytes) bounds what DuckDB holds in memory; the rest goes to disk. `threads` None: as many as it
    may use cores.
    """
    with temporary_folder(beside, "ingest") as folder:
        connection = duckdb.connect(folder / "ingest.duckdb")
        try:
            # Order comes from ORDER BY alone, so DuckDB need not keep that of insertion, which costs memory.
            connection.execute(
                f"SET memory_limit = '{memory_gb}GB'; SET temp_directory = {sql.text(str(folder / 'spill'))}; "
                "SET preserve_insertion_order = false; SET TimeZone = 'UTC'; SET enable_progress_bar = false"
            )
            connection.execute(f"SET threads = {threads or usable_cores()}")
            connection.execute(sql.MACROS)
            connection.create_function(
                "literal_as_json",
                literals_as_json,
                ["VARCHAR"],
                "VARCHAR",
                type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
            )
            yield Session(connection, folder, memory_gb)
        finally:
            connection.close()
