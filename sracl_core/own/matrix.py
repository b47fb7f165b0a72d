"""A file of vectors, Parquet or NumPy's .npy, as one matrix whose numbers can be used."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sracl_core.ground.errors import DataError
from sracl_core.ground.outside import shown, shown_value
from sracl_core.ingest.raw import signatures
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.parquet import open_parquet


@dataclass(frozen=True)
class Vectors:
    """`matrix` float32 [N, D]; `there` bool [N], False where a row has none; `table`: the file may have ids too."""

    matrix: np.ndarray
    there: np.ndarray
    table: bool


def read_vectors_of(file: RawFile, column: str, parameter: str) -> Vectors:
    """Return the vectors in `file`; `column` of a Parquet file, a list of numbers, is named by `parameter`.

    Raises DataError where the file is no such one, vectors differ in length, or one is zero or not finite.
    """
    head = file.head(numpy=True)
    if head.startswith(signatures.NUMPY):
        matrix = _npy(file)
        found = Vectors(matrix, np.ones(len(matrix), bool), table=False)
    elif head.startswith(signatures.PARQUET):
        found = Vectors(*_column(file, column, parameter), table=True)
    else:
        raise DataError(f"{file.name} is neither Parquet nor .npy. Write the vectors again in one of these.")
    norms = np.linalg.norm(found.matrix.astype(np.float64), axis=1)
    rows = np.flatnonzero(found.there & ~(np.isfinite(norms) & (norms > 0)))
    if len(rows):
        raise DataError(
            f"{file.name}: {len(rows)} of {len(norms)} vectors are zero or not finite, the first in row {rows[0] + 1}. "
            "Correct them, or take them out: what has no vector is counted as missing."
        )
    return found


def _npy(file: RawFile) -> np.ndarray:
    with file.open(numpy=True) as (stream, _):
        try:
            found = np.lib.format.read_array(stream, allow_pickle=False)
        except ValueError as error:
            raise DataError(
                f"{file.name} cannot be read as .npy: {shown(str(error))}. Write it again: numpy.save(NAME, vectors)."
            ) from None
    if found.ndim != 2 or found.dtype.kind not in "fiu" or not found.shape[1]:
        raise DataError(
            f"{file.name} holds {found.dtype} of shape {found.shape}; expected numbers [vectors, dimension]."
        )
    return found.astype(np.float32)


def _column(file: RawFile, column: str, parameter: str) -> tuple[np.ndarray, np.ndarray]:
    with open_parquet(file, None) as opened:
        names = opened.schema_arrow.names
        if names.count(column) != 1:
            known = ", ".join(shown_value(name) for name in names[:20])
            raise DataError(f"{file.name} has no column {column!r} ({parameter}). Columns found: {known}.")
        lists = opened.read(columns=[column])[column].combine_chunks()
    lists = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    kind = lists.type
    whole = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    number = whole and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))
    if not number:
        raise DataError(f"{file.name}, column {column!r}: expected a list of numbers, found {kind} ({parameter}).")
    there = lists.drop_null()
    lengths = np.full(len(there), kind.list_size) if pa.types.is_fixed_size_list(kind) else there.value_lengths()
    sizes = np.unique(np.asarray(lengths))
    if len(sizes) != 1 or not sizes[0]:
        told = ", ".join(map(str, sizes[:5].tolist())) or "none"
        raise DataError(f"{file.name}, column {column!r}: expected vectors of one length, found {told}.")
    flat = there.flatten().cast(pa.float32()).to_numpy(zero_copy_only=False)
    if len(flat) != len(there) * sizes[0]:
        raise DataError(f"{file.name}, column {column!r}: cannot be read as vectors of one length.")
    valid = lists.is_valid().to_numpy(zero_copy_only=False)
    found = np.zeros((len(lists), int(sizes[0])), np.float32)
    found[valid] = flat.reshape(len(there), -1)
    return found, valid
