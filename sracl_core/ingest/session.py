"""A DuckDB database on disk for the time of one ingest: bounded memory, spilling beside the outputs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from sracl_core.errors import DataError
from sracl_core.ingest import sql
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
        except duckdb.OutOfMemoryException as error:
            raise DataError(
                f"{self.memory_gb:g} GB of memory do not suffice, or the disk of {self.folder.parent} is full: raise "
                f"runtime.memory_gb, lower runtime.threads, or free disk space. DuckDB says: {error}"
            ) from None
        except duckdb.IOException as error:
            raise DataError(
                f"the disk of {self.folder.parent} failed or is full: {error}. Free space and try again."
            ) from None


@contextmanager
def open_session(beside: Path, *, memory_gb: float, threads: int | None) -> Iterator[Session]:
    """Yield a session whose files lie in a temporary folder in `beside` that is removed afterwards, also on failure.

    `memory_gb` (10⁹ bytes) bounds what DuckDB holds in memory; the rest goes to disk. `threads` None: all cores.
    """
    beside.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=beside, prefix=".ingest-") as name:
        folder = Path(name)
        connection = duckdb.connect(folder / "ingest.duckdb")
        try:
            # Order comes from ORDER BY alone, so DuckDB need not keep that of insertion, which costs memory.
            connection.execute(
                f"SET memory_limit = '{memory_gb}GB'; SET temp_directory = {sql.text(str(folder / 'spill'))}; "
                "SET preserve_insertion_order = false; SET TimeZone = 'UTC'; SET enable_progress_bar = false"
            )
            if threads is not None:
                connection.execute(f"SET threads = {threads}")
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
