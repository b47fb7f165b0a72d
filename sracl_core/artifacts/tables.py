"""Parquet between stages: written whole, sealed and with page checksums; read only where all of that holds."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sracl_core.artifacts.provenance import PREFIX, SCHEMA_VERSION, Provenance
from sracl_core.artifacts.seal import AGAIN, BLANK, KEY, is_whole, require_sealed, seal
from sracl_core.artifacts.writing import atomic_path
from sracl_core.ground.errors import ArtifactError
from sracl_core.ground.faults import is_shortage

# Columns in which a value may be missing; in every other one a null is damage.
MAY_BE_NULL = {
    "title",
    "brand",
    "description",
    "price",
    "attributes",
    "categories",
    "address",
    "column",  # of a line that is broken as a whole
    "tokens_in",
    "tokens_out",
}


class TableWriter:
    """Writes a Parquet file batch by batch, so that memory stays bounded; atomic; a context manager."""

    _stack: ExitStack  # both from `__enter__` on
    _writer: pq.ParquetWriter

    def __init__(self, path: Path, schema: pa.Schema, provenance: Provenance) -> None:
        self.schema = schema.with_metadata(provenance.metadata())
        self._path = path

    def write(self, table: pa.Table) -> None:
        """Append the rows of `table`, whose columns must be castable to the schema."""
        self._writer.write_table(table.select(self.schema.names).cast(self.schema))

    def __enter__(self) -> Self:
        with ExitStack() as stack:  # unwound where a step fails: the disk may be full at the first byte
            temporary = stack.enter_context(atomic_path(self._path))
            stack.push(lambda kind, error, trace: self._sealed(temporary, error))
            self._writer = stack.enter_context(
                pq.ParquetWriter(temporary, self.schema, compression="zstd", write_page_checksum=True)
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._writer.add_key_value_metadata({KEY: BLANK})
        self._stack.__exit__(kind, error, trace)

    @staticmethod
    def _sealed(temporary: Path, error: BaseException | None) -> None:
        if error is None:
            seal(temporary)


def write_table(path: Path, table: pa.Table, schema: pa.Schema, provenance: Provenance) -> None:
    """Write `table` as Parquet at `path`, atomically; the same rows give the same bytes."""
    with TableWriter(path, schema, provenance) as writer:
        writer.write(table)


def read_table(path: Path, schema: pa.Schema | None = None, columns: list[str] | None = None) -> pa.Table:
    """Read a Parquet artifact, checked against `schema` (None: as found; the file's own metadata is kept).

    Raises ArtifactError when the file is missing or damaged in a single bit, when it is not from this project or of
    another schema, or when a value is null that may not be.
    """
    with _told(path):
        _checked_schema(path, schema)
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read(columns)
        for name in table.column_names:
            _require_no_null(path, name, table[name])
        return table


def read_batches(path: Path, schema: pa.Schema, rows: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a Parquet artifact, `rows` at a time, checked as `read_table` does."""
    with _told(path):
        _checked_schema(path, schema)
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for batch in file.iter_batches(rows):
                for name in schema.names:
                    _require_no_null(path, name, batch[name])
                yield batch


def read_provenance(path: Path) -> Provenance:
    """Return what the artifact `path` says of where it comes from; raises ArtifactError as `read_table` does."""
    with _told(path):
        return Provenance.from_metadata(_checked_schema(path, None).metadata or {})


def require_empty(path: Path, schema: pa.Schema, why: str) -> None:
    """Raise ArtifactError where the artifact `path` has a row, or as `read_table` does; `why` it may have none."""
    rows = len(read_table(path, schema))
    if rows:
        raise ArtifactError(f"{path} holds {rows:,} rows, and should hold none: {why}. {AGAIN}")


def list_size(path: Path, column: str) -> int:
    """Return the size of the lists in a fixed-size list column of the artifact `path`; 1 where it is no such column.

    Raises ArtifactError as `read_table` does.
    """
    with _told(path):
        found = _checked_schema(path, None)
        return getattr(found.field(column).type, "list_size", 1) if column in found.names else 1


def _checked_schema(path: Path, schema: pa.Schema | None) -> pa.Schema:
    require_sealed(path, is_whole)
    found = pq.read_schema(path)
    version = (found.metadata or {}).get(f"{PREFIX}schema_version".encode(), b"none").decode(errors="replace")
    if version != SCHEMA_VERSION:
        raise ArtifactError(f"{path} has artifact version {version}, expected {SCHEMA_VERSION}. {AGAIN}")
    if schema is not None and not found.equals(schema, check_metadata=False):
        differing = [
            f"{name}: expected {_told_type(wanted)}, found {_told_type(own)}"
            for name in dict.fromkeys([*schema.names, *found.names])
            if (wanted := _type_of(schema, name)) != (own := _type_of(found, name))
        ]
        raise ArtifactError(f"{path} has other columns than expected ({'; '.join(differing) or 'order'}). {AGAIN}")
    return found


def _type_of(schema: pa.Schema, name: str) -> pa.DataType | None:
    return schema.field(name).type if name in schema.names else None


def _told_type(found: pa.DataType | None) -> str:
    """The type in words. Parquet gives the field within a list another name than Arrow, which is no difference."""
    return "no such column" if found is None else str(found).replace("<element: ", "<item: ")


def _require_no_null(path: Path, name: str, column: pa.Array | pa.ChunkedArray) -> None:
    """Raise ArtifactError where `column` has a null that it may not have, in itself or within its lists."""
    if name in MAY_BE_NULL:
        return
    nulls = column.null_count
    if not nulls and (pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type)):
        nulls = pc.list_flatten(column).null_count
    if nulls:
        raise ArtifactError(f"{path} cannot be used: {nulls} values of its column {name} are missing. {AGAIN}")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what reading `path` raises into an ArtifactError that says what to do."""
    try:
        yield
    except FileNotFoundError:
        raise ArtifactError(f"{path} does not exist. {AGAIN}") from None
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        if is_shortage(error):  # the file may be whole
            raise
        raise ArtifactError(f"{path} is no readable artifact of this project: {error}. {AGAIN}") from None
