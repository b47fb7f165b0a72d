"""Which pools cannot be filled, and that each piece of advice would fill them."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sracl_core.retrieval.shortage import advice, find_shortage


def test_the_number_of_others_is_the_largest_k() -> None:
    assert find_shortage("items", 4, 5) is None
    found = find_shortage("items", 5, 5)
    assert found is not None and found.others == 4
    assert found.cause == "mine.k is 5, but the items number 5, which leaves each of them 4 others to choose from."
    assert advice(found.remedies) == "Set mine.k to 4 or less, or bring more data."


def test_one_key_alone_has_no_k() -> None:
    found = find_shortage("items", 1, 1)
    assert found is not None and found.others == 0
    assert advice(found.remedies) == "Bring more data."


def test_one_user_alone_is_helped_by_its_own_prefixes() -> None:
    found = find_shortage("training prefixes", 10, 3, np.array([0, 0, 0]))
    assert found is not None and found.others == 0
    assert (
        "3 of the 3 training prefixes are of one user, and mine.exclude_same_user leaves each of them 0" in found.cause
    )
    assert found.remedies == ["set mine.exclude_same_user to false and mine.k to 2 or less", "bring more data"]
    one = find_shortage("training prefixes", 1, 3, np.array([0, 0, 0]))
    assert one is not None
    assert one.remedies == ["set mine.exclude_same_user to false", "bring more data"]


def test_two_users_are_bound_by_the_one_with_more_prefixes() -> None:
    users = np.array([0, 1, 1, 1])
    assert find_shortage("training prefixes", 1, 4, users) is None
    found = find_shortage("training prefixes", 2, 4, users)
    assert found is not None and found.others == 1
    assert found.remedies == [
        "set mine.k to 1 or less",
        "set mine.exclude_same_user to false",
        "bring more data",
    ]


@given(st.integers(1, 12), st.lists(st.integers(0, 3), min_size=1, max_size=10), st.booleans())
def test_what_is_advised_helps_and_is_not_set_already(k: int, owners: list[int], excluded: bool) -> None:
    users = np.array(owners) if excluded else None
    found = find_shortage("keys", k, len(owners), users)
    poorest = max(sum(a == b for a in owners) for b in owners) if excluded else 1
    assert (found is None) == (len(owners) - poorest >= k)
    for remedy in found.remedies if found else []:
        now_excluded = users if "exclude_same_user" not in remedy else None
        told = re.search(r"mine\.k to (\d+)", remedy)
        new_k = int(told.group(1)) if told else k
        assert new_k >= 1
        if remedy != "bring more data":
            assert new_k < k or now_excluded is not users
            assert find_shortage("keys", new_k, len(owners), now_excluded) is None


@pytest.mark.parametrize("k", [1, 3])
def test_advice_is_a_sentence(k: int) -> None:
    assert advice([f"set mine.k to {k}"]) == f"Set mine.k to {k}."
