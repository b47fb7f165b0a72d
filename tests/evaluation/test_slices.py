"""Slices part the users without gap or overlap, and the head is chosen by a total order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sracl_core.evaluation.slices import all_slices, head_items, length_slices


def test_head_is_the_most_popular_share_with_ties_by_id() -> None:
    assert head_items(np.array([1, 5, 3, 3, 0]), 0.4).tolist() == [False, True, True, False, False]
    assert head_items(np.array([2, 2, 2]), 0.1).tolist() == [True, False, False]
    assert head_items(np.array([0, 0, 1, 0]), 0.5).tolist() == [True, False, True, False]


def test_length_names() -> None:
    lengths = np.array([1, 4, 5, 9, 10, 19, 20, 300])
    found = {name: lengths[members].tolist() for name, members in length_slices(lengths, [5, 10, 20]).items()}
    assert found == {"length 1-4": [1, 4], "length 5-9": [5, 9], "length 10-19": [10, 19], "length 20+": [20, 300]}
    assert list(length_slices(lengths, [1, 2, 4])) == ["length 1", "length 2-3", "length 4+"]


@given(
    lengths=st.lists(st.integers(1, 40), max_size=40),
    edges=st.lists(st.integers(1, 30), min_size=1, max_size=5, unique=True).map(sorted),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 100),
)
def test_every_user_is_in_one_slice_of_each_kind(lengths: list[int], edges: list[int], share: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    targets, counts = random.integers(1, 11, len(lengths)), random.integers(0, 4, 10)
    slices = all_slices(targets, np.array(lengths, dtype=np.int64), counts, share, edges)
    assert (slices.pop("head").astype(int) + slices.pop("tail") == 1).all()
    assert (np.sum(list(slices.values()), axis=0) == 1).all()
