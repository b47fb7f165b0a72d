"""Segments: Parquet files of answers, each named by the SHA-256 of its own bytes, which are never changed."""

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator, Set
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sracl_core.artifacts.writing import atomic_path
from sracl_core.ground.errors import ArtifactError
from sracl_core.profile.store.stored import ADDRESS, StoredAnswer

SUFFIX = ".parquet"
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


def write_segment(folder: Path, answers: Iterable[StoredAnswer]) -> Path:
    """Write `answers` into a segment in `folder`, and return its path; raises StorageError when the disk is full."""
    stream = pa.BufferOutputStream()
    pq.write_table(table_of(answers), stream, compression="zstd")
    content = stream.getvalue()
    path = folder / f"{hashlib.sha256(content).hexdigest()}{SUFFIX}"
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path


def is_whole(path: Path) -> bool:
    """Whether `path` is a segment: its bytes are those written, and they are answers and nothing else.

    Raises ArtifactError where this user may not read it, OSError or MemoryError where the machine can't now: what it
    holds may be good, and is paid for.
    """
    try:
        # Neither a folder nor a pipe, which would be waited for.
        return path.is_file() and _digest(path) == path.stem and _holds_answers(path)
    except PermissionError as error:
        raise ArtifactError(
            f"{path} cannot be read ({error.strerror}). Its answers are paid for: give this user the right to read it, "
            "or move it out of the folder to have them asked again."
        ) from None
    except MemoryError:  # Arrow's is among its own errors, too
        raise
    except OSError as error:
        if error.errno not in (None, errno.EIO):  # Arrow's word for no Parquet, and a broken disk
            raise
        return False
    except (pa.ArrowException, ValueError):
        return False


def read_segment(path: Path, wanted: Set[str] | None) -> Iterator[StoredAnswer]:
    """Yield the answers in the segment `path`, which is whole, at the addresses `wanted` (None: all)."""
    with pq.ParquetFile(path) as parquet:
        chosen = None if wanted is None else pa.array(sorted(wanted), pa.string())
        for group in range(parquet.num_row_groups):
            # Addresses alone at first: most segments hold none of those wanted, and texts are long.
            kept = None
            if chosen is not None:
                kept = pc.is_in(parquet.read_row_group(group, ["address"])["address"], chosen)
                if not pc.any(kept).as_py():
                    continue
            table = parquet.read_row_group(group)
            for batch in (table if kept is None else table.filter(kept)).to_batches():
                yield from (StoredAnswer(**row) for row in batch.to_pylist())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _holds_answers(path: Path) -> bool:
    with pq.ParquetFile(path) as parquet:
        return parquet.schema_arrow.equals(ANSWERS) and all(map(_are_answers, parquet.iter_batches()))


def _are_answers(batch: pa.RecordBatch) -> bool:
    """Whether no row has a fault, as `fault_of` knows them; raises ArrowInvalid where a text is no UTF-8."""
    batch.validate(full=True)
    if any(batch[name].null_count for name in ("address", "identity", "text", "engine")):
        return False
    addressed = pc.all(pc.match_substring_regex(batch["address"], f"^{ADDRESS.pattern}$"), min_count=0).as_py()
    empty = pc.any(pc.equal(pc.utf8_trim_whitespace(batch["text"]), ""), min_count=0).as_py()
    least = [pc.min(batch[name]).as_py() for name in ("tokens_in", "tokens_out")]
    return bool(addressed and not empty) and all(count is None or count >= 0 for count in least)


def table_of(answers: Iterable[StoredAnswer]) -> pa.Table:
    """Return `answers` as a table in the schema ANSWERS."""
    return pa.Table.from_pylist([asdict(answer) for answer in answers], schema=ANSWERS)
