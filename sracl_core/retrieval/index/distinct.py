"""Identical vectors, which equal texts have, gathered into one entry each."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DistinctVectors:
    """The M distinct vectors among n, in the order of their first row.

    `first_rows` int64 [M] are the rows they first stand in, `of_row` int64 [n] says which of them a row has, and
    `members` int64 [n] lists the rows by distinct vector, in row order: those of the m-th are
    `members[offsets[m]:offsets[m + 1]]`, with `offsets` int64 [M + 1].
    """

    first_rows: np.ndarray
    of_row: np.ndarray
    members: np.ndarray
    offsets: np.ndarray

    @classmethod
    def of(cls, vectors: np.ndarray) -> "DistinctVectors":
        """Gather the rows of `vectors` float32 [n, D] that are the same in every bit."""
        as_bytes = np.ascontiguousarray(vectors).view(np.dtype((np.void, vectors.shape[1] * vectors.itemsize)))[:, 0]
        _, firsts, inverse = np.unique(as_bytes, return_index=True, return_inverse=True)
        by_first = np.argsort(firsts)
        rank = np.empty_like(by_first)
        rank[by_first] = np.arange(len(by_first))
        of_row = rank[inverse]
        members = np.argsort(of_row, kind="stable")
        offsets = np.concatenate([[0], np.cumsum(np.bincount(of_row, minlength=len(firsts)))])
        return cls(firsts[by_first], of_row, members, offsets)

    def __len__(self) -> int:
        return len(self.first_rows)
