"""Flat sequences against plain lists."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sracl_core.ragged import Ragged

rows = st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=6), max_size=8)
pairs = st.lists(st.tuples(st.lists(st.integers(0, 99), max_size=4), st.lists(st.integers(0, 99), max_size=4)))


def as_lists(ragged: Ragged) -> list[list[int]]:
    return [ragged[row].tolist() for row in range(len(ragged))]


@given(rows)
def test_lists_there_and_back(lists: list[list[int]]) -> None:
    ragged = Ragged.from_lists(lists)
    assert len(ragged) == len(lists)
    assert as_lists(ragged) == lists
    assert ragged.lengths.tolist() == [len(row) for row in lists]
    assert (ragged.values.dtype, ragged.offsets.dtype) == (np.int32, np.int64)


@given(rows)
def test_columns_there_and_back(lists: list[list[int]]) -> None:
    column = Ragged.from_lists(lists).to_column()
    assert column.to_pylist() == lists
    assert as_lists(Ragged.from_column(pa.chunked_array([column]))) == lists


@given(rows, st.integers(0, 8), st.integers(0, 8))
def test_pieces_of_columns(lists: list[list[int]], start: int, cut: int) -> None:
    """Chunks and slices, as a filtered or streamed table holds them."""
    array = pa.array(lists, pa.list_(pa.int32()))
    assert as_lists(Ragged.from_column(pa.chunked_array([array[:cut], array[cut:]]))) == lists
    assert as_lists(Ragged.from_column(pa.chunked_array([array.slice(start)]))) == lists[start:]


@given(pairs)
def test_join(both: list[tuple[list[int], list[int]]]) -> None:
    left, right = (Ragged.from_lists([pair[side] for pair in both]) for side in (0, 1))
    assert as_lists(left.join(right)) == [one + other for one, other in both]


@given(rows, st.integers(0, 7))
def test_last(lists: list[list[int]], count: int) -> None:
    assert as_lists(Ragged.from_lists(lists).last(count)) == [row[max(0, len(row) - count) :] for row in lists]


def test_rows_are_found_as_in_a_list() -> None:
    ragged = Ragged.from_lists([[1], [], [2, 3]])
    assert [row.tolist() for row in ragged] == [[1], [], [2, 3]]
    assert ragged[-1].tolist() == [2, 3]
    assert ragged[np.int64(0)].tolist() == [1]
    for outside in (3, -4):
        with pytest.raises(IndexError):
            ragged[outside]
