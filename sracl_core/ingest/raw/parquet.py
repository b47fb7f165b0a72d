"""Parquet rows. Columns are taken by their place, so that no name means anything to DuckDB."""

import json
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import IO, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from sracl_core.errors import DataError
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.records import LeftOut, Records
from sracl_core.ingest.session import Session
from sracl_core.progress import Progress

ROWS_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class ParquetRows(Records):
    """A Parquet file, plain, packed or in a zip; `line` is the number of the row, from 1.

    Lists, structs and maps become JSON; a whole number is written as one, whatever its type.
    """

    def load(self, session: Session, statement: str) -> LeftOut:
        """See Records."""
        with _opened(self.file, session.folder) as file:
            schema = file.schema_arrow
            places = [schema.get_all_field_indices(name)[0] for name in self.columns]
            fields = ", ".join(_as_text(f"c{place}", schema.field(place).type) for place in places)
            query = f"""
                SELECT line, array_to_string(fields, ', ') AS text, NULL::VARCHAR AS damage, fields
                FROM (SELECT line, [{fields}]::VARCHAR[] AS fields FROM rows_of_file)"""  # noqa: S608
            batches = _batches(file, places, self.file.name)
            first = next(batches)
            reader = pa.RecordBatchReader.from_batches(first.schema, chain([first], batches))
            session.connection.register("rows_of_file", reader)
            try:
                session.run(statement.replace("{records}", query))
            finally:
                session.connection.unregister("rows_of_file")
        return LeftOut()


def column_names(file: RawFile) -> tuple[str, ...]:
    """Return the names of the columns of `file`, in their order; raises DataError where it is no Parquet file."""
    with _opened(file, None) as opened:
        return tuple(opened.schema_arrow.names)


@contextmanager
def _opened(file: RawFile, folder: Path | None) -> Iterator[pq.ParquetFile]:
    """Open `file`, unpacked into `folder` (None: the system's) first, since a Parquet file is read from its end."""
    with ExitStack() as stack:
        stream, on_disk = stack.enter_context(file.open())
        readable: IO[bytes] = stream
        if stream is not on_disk:
            readable = stack.enter_context(NamedTemporaryFile(dir=folder, suffix=".parquet"))
            copyfileobj(stream, readable, 1 << 20)
            readable.seek(0)
        try:
            yield stack.enter_context(pq.ParquetFile(readable))
        except (pa.ArrowException, OSError, duckdb.Error, UnicodeDecodeError) as error:
            said = " ".join(str(error).split())
            raise DataError(f"{file.name} cannot be read as Parquet: {said}. Write the file again.") from None


def _batches(file: pq.ParquetFile, places: list[int], name: str) -> Iterator[pa.RecordBatch]:
    """Yield (line, c0, c3, …), the columns at `places`; nested values as JSON. There is always a first batch."""
    line = 1
    names = file.schema_arrow.names
    # Where a name stands twice, or could mean a part of another column, nothing less than all is unmistakable.
    plain = len(set(names)) == len(names) and not any("." in name for name in names)
    wanted = [names[place] for place in places] if plain else None
    none = [pa.array([], file.schema_arrow.field(place).type) for place in places]
    yield _batch(1, none, places)
    with Progress(f"reading {name}", file.metadata.num_rows, "row") as progress:
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=wanted):
            order = [batch.schema.get_all_field_indices(names[place])[0] for place in places]
            yield _batch(line, [batch.column(index) for index in order], places)
            line += batch.num_rows
            progress.advance(batch.num_rows)


def _batch(line: int, columns: list[pa.Array], places: list[int]) -> pa.RecordBatch:
    rows = len(columns[0]) if columns else 0
    numbers = pa.array(range(line, line + rows), pa.int64())
    return pa.record_batch([numbers, *map(_simple, columns)], names=["line", *(f"c{place}" for place in places)])


def _simple(column: pa.Array) -> pa.Array:
    """`column` in a type that DuckDB turns into text; nested values as JSON."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_float16(column.type):
        return column.cast(pa.float32())
    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_decimal256(kind):
        return column.cast(pa.string())
    if pa.types.is_nested(column.type):
        texts = [
            None if value is None else json.dumps(_plain(value), ensure_ascii=False) for value in column.to_pylist()
        ]
        return pa.array(texts, pa.string())
    return column


def _plain(value: Any) -> Any:
    """`value` in the types of JSON; a map, which Arrow gives as a list of pairs, as an object."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(part, tuple) and len(part) == 2 for part in value):
            return {str(key): _plain(part) for key, part in value}
        return [_plain(part) for part in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() else value
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _as_text(column: str, kind: pa.DataType) -> str:
    """SQL for the text of `column` of the Arrow type `kind`; 12.0 is written 12, as it was before a gap made it so."""
    if pa.types.is_floating(kind):
        whole = f"{column} = trunc({column}) AND abs({column}) < 9007199254740992"
        return f"CASE WHEN {whole} THEN {column}::BIGINT::VARCHAR ELSE {column}::VARCHAR END"
    return f"{column}::VARCHAR"
