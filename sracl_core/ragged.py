"""Lists of different lengths as one flat array with offsets: the form in which sequences live everywhere."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Ragged:
    """Rows of different lengths: row r is `values[offsets[r]:offsets[r + 1]]`.

    `values` is [N] and `offsets` is int64 [rows + 1].
    """

    values: np.ndarray
    offsets: np.ndarray

    @classmethod
    def from_column(cls, column: pa.ChunkedArray) -> "Ragged":
        """Take a list column without nulls."""
        array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        return cls(array.flatten().to_numpy(zero_copy_only=False), _offsets(np.asarray(array.value_lengths())))

    @classmethod
    def from_lists(cls, lists: list[list[int]]) -> "Ragged":
        """Take plain lists of integers."""
        flat = [value for row in lists for value in row]
        return cls(np.array(flat, dtype=np.int32), _offsets(np.array([len(row) for row in lists], dtype=np.int64)))

    def to_column(self) -> pa.ListArray:
        """Return the rows as an Arrow list array."""
        return pa.ListArray.from_arrays(pa.array(self.offsets, pa.int32()), pa.array(self.values, pa.int32()))

    @property
    def lengths(self) -> np.ndarray:
        """Length of every row, int64 [rows]."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> np.ndarray:
        row = range(len(self))[row]  # counts negative rows from the end, refuses others outside
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def join(self, other: "Ragged") -> "Ragged":
        """Return the rows of `self`, each followed by the same row of `other`."""
        lengths = self.lengths + other.lengths
        offsets = _offsets(lengths)
        values = np.empty(offsets[-1], dtype=self.values.dtype)
        for part, starts in ((self, offsets[:-1]), (other, offsets[:-1] + self.lengths)):
            within = np.arange(len(part.values)) - np.repeat(part.offsets[:-1], part.lengths)
            values[np.repeat(starts, part.lengths) + within] = part.values
        return Ragged(values, offsets)

    def last(self, count: int) -> "Ragged":
        """Return the last `count` values of every row (all of a shorter one)."""
        kept = np.minimum(self.lengths, count)
        offsets = _offsets(kept)
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], kept)
        return Ragged(self.values[np.repeat(self.offsets[1:] - kept, kept) + within], offsets)


def _offsets(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
