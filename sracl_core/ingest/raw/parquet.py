"""Parquet rows. Columns are taken by their place, so that no name means anything to DuckDB."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from sracl_core.ground.errors import DataError
from sracl_core.ground.outside import shown
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.lines import Remarks
from sracl_core.ingest.raw.records import Records
from sracl_core.ingest.raw.session import Session
from sracl_core.ingest.raw.unpacking import unpack
from sracl_core.progress import Progress

# Rows that are held at a time; fewer where they are wide, as with pictures among the columns.
ROWS_AT_ONCE, BYTES_AT_ONCE = 1 << 16, 64 << 20
SAID_CHARACTERS = 200
READER_FAILED = "registered as 'rows_of_file' failed: "  # as DuckDB words it


@dataclass(frozen=True)
class ParquetRows(Records):
    """A Parquet file, plain, packed or in a zip; `line` is the number of the row, from 1.

    Lists, structs and maps become JSON. A cell of bytes that are no text, or of a moment that no calendar has, is
    empty, and counted.
    """

    def load(self, session: Session, statement: str) -> Remarks:
        """See Records."""
        with open_parquet(self.file, session.folder) as file:
            names = file.schema_arrow.names
            columns = _Columns(file, [names.index(name) for name in self.columns], self.file.name)
            fields = ", ".join(f"c{place}::VARCHAR" for place in range(len(self.columns)))
            query = f"""
                SELECT record, record AS line, array_to_string(fields, ', ') AS text, NULL::VARCHAR AS damage, fields
                FROM (SELECT record, [{fields}]::VARCHAR[] AS fields FROM rows_of_file)"""  # noqa: S608
            session.connection.register("rows_of_file", columns.reader())
            try:
                session.run(statement.replace("{records}", query))
            finally:
                session.connection.unregister("rows_of_file")
        return Remarks(unreadable_cells=columns.unreadable)


def column_names(file: RawFile) -> tuple[str, ...]:
    """Return the names of the columns of `file`, in their order; raises DataError where it is no Parquet file."""
    with open_parquet(file, None) as opened:
        names = tuple(opened.schema_arrow.names)
    if not names:
        raise DataError(f"{file.name} has no columns. Write the file again.")
    return names


@contextmanager
def open_parquet(file: RawFile, folder: Path | None) -> Iterator[pq.ParquetFile]:
    """Yield `file`, unpacked into `folder` (None: the system's) first, since a Parquet file is read from its end."""
    with ExitStack() as stack:
        stream, on_disk = stack.enter_context(file.open())
        readable: IO[bytes] = stream
        if stream is not on_disk:
            readable = stack.enter_context(NamedTemporaryFile(dir=folder, suffix=".parquet"))
            unpack(stream, readable, name=file.name, packed=file.size, folder=folder)
            readable.seek(0)
        try:
            yield stack.enter_context(pq.ParquetFile(readable))
        except (pa.ArrowException, OSError, duckdb.Error, UnicodeDecodeError) as error:
            raise DataError(f"{file.name} cannot be read as Parquet: {_reason(error)}. Write the file again.") from None


def _reason(error: Exception) -> str:
    """What `error` says, without what DuckDB puts round an error of the reader that it was given."""
    said = str(error).partition("Detail: Python exception")[0].strip().partition(READER_FAILED)
    said_by_reader = (said[2] or said[0]).splitlines() or ["no reason"]
    return shown(said_by_reader[0], SAID_CHARACTERS).rstrip(". ")


class _Columns:
    """The columns at `places` of `file`, as text or in a type that DuckDB makes text of."""

    def __init__(self, file: pq.ParquetFile, places: list[int], name: str) -> None:
        self._file, self._places, self._name = file, places, name
        self.unreadable = 0

    def reader(self) -> pa.RecordBatchReader:
        """Return the columns as (record, c0, c1, …)."""
        kinds = [self._file.schema_arrow.field(place).type for place in self._places]
        empty = self._batch(1, [pa.array([], kind) for kind in kinds])
        return pa.RecordBatchReader.from_batches(empty.schema, self._batches(empty.schema))

    def _batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        names = self._file.schema_arrow.names
        # Where a name stands twice, or could mean a part of another column, nothing less than all is unmistakable.
        plain = len(set(names)) == len(names) and not any("." in name for name in names)
        wanted = [names[place] for place in self._places] if plain else None
        record = 1
        with Progress(f"reading {self._name}", self._file.metadata.num_rows, "row") as progress:
            for batch in self._file.iter_batches(_rows_at_once(self._file.metadata), columns=wanted):
                order = [batch.schema.get_all_field_indices(names[place])[0] for place in self._places]
                yield self._batch(record, [batch.column(index) for index in order]).cast(schema)
                record += batch.num_rows
                progress.advance(batch.num_rows)

    def _batch(self, record: int, columns: list[pa.Array]) -> pa.RecordBatch:
        numbers = pa.array(range(record, record + len(columns[0])), pa.int64())
        names = ["record", *(f"c{place}" for place in range(len(columns)))]
        return pa.record_batch([numbers, *map(self._simple, columns)], names=names)

    def _simple(self, column: pa.Array) -> pa.Array:
        """`column` in a type that DuckDB makes text of, without what it would fail at."""
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pa.types.is_fixed_size_binary(column.type):
            column = column.cast(pa.binary())
        kind = column.type
        if isinstance(column, pa.ExtensionArray):
            return self._by_hand(column, str)
        if pa.types.is_nested(kind):
            return self._by_hand(column, lambda value: json.dumps(_plain(value), ensure_ascii=False))
        try:
            if _is_text(kind):
                column.validate(full=True)  # a file may hold bytes that are no UTF-8 as text
            simple = next((simple for test, simple in SIMPLER if test(kind)), None)
            return column if simple is None else column.cast(simple(kind))
        except pa.ArrowInvalid:
            return self._by_hand(*((column.cast(pa.large_binary()), bytes.decode) if _is_text(kind) else (column, str)))

    def _by_hand(self, column: pa.Array, text: Callable[[Any], str]) -> pa.Array:
        """`column` as texts, value by value; one that has none is left empty, and counted."""
        found: list[str | None] = []
        for scalar in column:
            try:
                value = scalar.as_py()
                found.append(None if value is None else text(value))
            except (ValueError, OverflowError, TypeError):
                found.append(None)
                self.unreadable += 1
        return pa.array(found, pa.string())


def _rows_at_once(metadata: pq.FileMetaData) -> int:
    """How many rows to hold, by the size that the file says they have when unpacked."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    widest = max((group.total_byte_size / max(1, group.num_rows) for group in groups), default=0)
    return max(1, int(min(ROWS_AT_ONCE, BYTES_AT_ONCE / max(1, widest))))


def _is_text(kind: pa.DataType) -> bool:
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in (*texts, pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view))


def _is_coarse_moment(kind: pa.DataType) -> bool:
    return pa.types.is_timestamp(kind) and kind.unit in ("s", "ms")


# Types that DuckDB does not know or fails at for some values, and those that they become.
SIMPLER: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.DataType], pa.DataType]], ...] = (
    (_is_text, lambda kind: pa.string()),
    (_is_coarse_moment, lambda kind: pa.timestamp("us", kind.tz)),
    (pa.types.is_float16, lambda kind: pa.float32()),
    (pa.types.is_decimal256, lambda kind: pa.string()),
)


def _plain(value: Any) -> Any:
    """`value` in the types of JSON; a map, which Arrow gives as a list of pairs, as an object."""
    if isinstance(value, list) and value and all(isinstance(part, tuple) and len(part) == 2 for part in value):
        return {str(key): _plain(part) for key, part in value}
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        whole = math.isfinite(value) and value.is_integer()
        return int(value) if whole else value if math.isfinite(value) else None  # JSON has no NaN
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if value is None or isinstance(value, bool | int | str) else str(value)
