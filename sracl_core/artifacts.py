"""The files between stages: schemas, provenance, atomic writing, checked reading.

Ids: items are 1 … n_items (0 is padding and never a row), users 0 … n_users−1 and prefixes 0 … n_prefixes−1; each is
the row's place in its own table. All indices into a sequence count from 0, and ends are exclusive.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sracl_core.errors import ArtifactError

SCHEMA_VERSION = "1"

INTERACTIONS = pa.schema(
    [("user", pa.int32()), ("item", pa.int32()), ("timestamp", pa.int64()), ("position", pa.int32())]
)
ITEMS = pa.schema(
    [
        ("item", pa.int32()),
        ("item_id", pa.string()),
        ("title", pa.string()),
        ("brand", pa.string()),
        ("categories", pa.list_(pa.string())),
        ("description", pa.string()),
        ("price", pa.string()),
        ("attributes", pa.map_(pa.string(), pa.string())),
    ]
)
USERS = pa.schema([("user", pa.int32()), ("user_id", pa.string()), ("n_train", pa.int32())])
SEQUENCES = pa.schema(
    [
        ("user", pa.int32()),
        ("train", pa.list_(pa.int32())),
        ("valid", pa.list_(pa.int32())),
        ("test", pa.list_(pa.int32())),
    ]
)
REJECTED = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int64()),
        ("column", pa.string()),
        ("reason", pa.string()),
        ("text", pa.string()),
    ]
)
PREFIXES = pa.schema([("prefix", pa.int64()), ("user", pa.int32()), ("start", pa.int32()), ("end", pa.int32())])
CONTEXTS = pa.schema([("item", pa.int32()), ("user", pa.int32()), ("start", pa.int32()), ("end", pa.int32())])
PROFILES = pa.schema(
    [
        ("key", pa.int64()),
        ("text", pa.string()),
        ("request_sha256", pa.string()),
        ("address", pa.string()),
        ("engine", pa.string()),
        ("tokens_in", pa.int32()),
        ("tokens_out", pa.int32()),
    ]
)
RANKS = pa.schema(
    [
        ("split", pa.string()),
        ("user", pa.int32()),
        ("target", pa.int32()),
        ("rank", pa.int32()),
        ("history_length", pa.int32()),
        ("target_count", pa.int32()),
    ]
)
TRAINED_ON = pa.schema([("user", pa.int32()), ("items", pa.list_(pa.int32()))])


def embeddings_schema(dimension: int) -> pa.Schema:
    """Schema of an embeddings file: one unit vector of `dimension` float32 a key."""
    return pa.schema([("key", pa.int64()), ("embedding", pa.list_(pa.float32(), dimension))])


def pool_schema(k: int) -> pa.Schema:
    """Schema of a candidate pool: exactly `k` neighbours a key, best first, with their cosine."""
    return pa.schema(
        [("key", pa.int64()), ("neighbour", pa.list_(pa.int64(), k)), ("score", pa.list_(pa.float32(), k))]
    )


@dataclass(frozen=True)
class Provenance:
    """Where an artifact comes from; travels in the file's own metadata.

    `params_digest` covers the parameters that decide the content, `source_digest` the bytes of the stage's inputs.
    """

    producer: str
    params_digest: str
    source_digest: str

    def metadata(self) -> dict[bytes, bytes]:
        """Return the key-value metadata for an Arrow schema."""
        values = {
            "sracl.schema_version": SCHEMA_VERSION,
            "sracl.producer": self.producer,
            "sracl.params_digest": self.params_digest,
            "sracl.source_digest": self.source_digest,
        }
        return {key.encode(): value.encode() for key, value in values.items()}


def source_digest(paths: Iterable[Path]) -> str:
    """Return a SHA-256 over the names and bytes of `paths` (files, or folders with all below them).

    Raises ArtifactError when one does not exist.
    """
    total = hashlib.sha256()
    for path in paths:
        if not path.exists():
            raise ArtifactError(f"{path} does not exist. Run `dvc repro` to make it, or correct the path.")
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            with file.open("rb") as stream:
                total.update(f"{name}\0{hashlib.file_digest(stream, 'sha256').hexdigest()}\0".encode())
    return total.hexdigest()


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, renamed to it on success and removed on failure.

    A reader sees the old file or the whole new one, never a part.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class TableWriter:
    """Writes a Parquet file batch by batch, so that memory stays bounded; atomic; a context manager."""

    def __init__(self, path: Path, schema: pa.Schema, provenance: Provenance) -> None:
        self.schema = schema.with_metadata(provenance.metadata())
        self._atomic = atomic_path(path)
        self._writer = pq.ParquetWriter(self._atomic.__enter__(), self.schema, compression="zstd")

    def write(self, table: pa.Table) -> None:
        """Append the rows of `table`, whose columns must be castable to the schema."""
        self._writer.write_table(table.select(self.schema.names).cast(self.schema))

    def __enter__(self) -> "TableWriter":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._writer.close()
        self._atomic.__exit__(kind, error, trace)


def write_table(path: Path, table: pa.Table, schema: pa.Schema, provenance: Provenance) -> None:
    """Write `table` as Parquet at `path`, atomically; the same rows give the same bytes."""
    with TableWriter(path, schema, provenance) as writer:
        writer.write(table)


def read_table(path: Path, schema: pa.Schema | None = None, columns: list[str] | None = None) -> pa.Table:
    """Read a Parquet artifact, checked against `schema` (None: as found; the file's own metadata is kept).

    Raises ArtifactError when the file is missing, damaged, not from this project or of another schema.
    """
    again = "Run `dvc repro` to make it again, or `dvc pull` to fetch it."
    try:
        found = pq.read_schema(path)
        version = (found.metadata or {}).get(b"sracl.schema_version", b"none").decode()
        if version != SCHEMA_VERSION:
            raise ArtifactError(f"{path} has artifact version {version}, expected {SCHEMA_VERSION}. {again}")
        if schema is not None and not found.equals(schema, check_metadata=False):
            differing = [
                f"{name}: expected {_type_of(schema, name)}, found {_type_of(found, name)}"
                for name in dict.fromkeys([*schema.names, *found.names])
                if _type_of(schema, name) != _type_of(found, name)
            ]
            raise ArtifactError(f"{path} has other columns than expected ({'; '.join(differing) or 'order'}). {again}")
        return pq.read_table(path, columns=columns)
    except FileNotFoundError:
        raise ArtifactError(f"{path} does not exist. {again}") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise ArtifactError(f"{path} is not a readable Parquet file: {error}. {again}") from None


def _type_of(schema: pa.Schema, name: str) -> str:
    return str(schema.field(name).type) if name in schema.names else "no such column"


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON with a final newline, atomically; keys keep their order."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read the JSON file `path`; raises ArtifactError when it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{path} does not exist. Run `dvc repro` to make it again.") from None
    except ValueError as error:
        raise ArtifactError(f"{path} is not valid JSON: {error}. Run `dvc repro` to make it again.") from None
