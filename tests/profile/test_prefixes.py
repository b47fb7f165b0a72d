"""The prefixes that get a profile, against a plain loop."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.ground.errors import DataError
from sracl_core.params.profile import UserProfileParams
from sracl_core.prefixes import PrefixTable
from sracl_core.profile.prefixes import build_prefixes
from sracl_core.ragged import Ragged
from sracl_core.schemas.prefixes import PREFIXES

LENGTHS = st.lists(st.integers(0, 40), min_size=1, max_size=8)


def plain_start(end: int, window: int, hop: int) -> int:
    """Move the start on by whole hops until the window holds the rest."""
    start = 0
    while end - start > window:
        start += hop
    return start


@pytest.mark.parametrize("per", ["prefix", "user", "stride"])
@settings(max_examples=60, deadline=None)
@given(LENGTHS, st.integers(1, 9), st.data())
def test_ends_and_starts(per: str, lengths: list[int], window: int, data: st.DataObject) -> None:
    hop = data.draw(st.integers(1, window))
    params = UserProfileParams.model_validate({"per": per, "window": window, "hop": hop})
    if max(lengths) < 2:
        with pytest.raises(DataError, match="No user has two training interactions, so there is no next item to learn"):
            build_prefixes(Ragged.from_lists([[7] * length for length in lengths]), params)
        return
    rows = build_prefixes(Ragged.from_lists([[7] * length for length in lengths]), params).to_pylist()
    ends = {
        "prefix": lambda n: range(1, n),
        "user": lambda n: [n - 1] if n >= 2 else [],
        "stride": lambda n: sorted({end for end in (1, 2, 4, 8, 16, 32) if end < n} | ({n - 1} if n >= 2 else set())),
    }[per]
    expected = [(user, plain_start(end, window, hop), end) for user, n in enumerate(lengths) for end in ends(n)]
    assert [(row["user"], row["start"], row["end"]) for row in rows] == expected
    assert [row["prefix"] for row in rows] == list(range(len(expected)))


def test_positions_between_two_strides_share_the_profile_before_them() -> None:
    table = build_prefixes(Ragged.from_lists([[7] * 12]), UserProfileParams(per="stride"))
    looked_up = PrefixTable.from_table(table, 1)
    speaks_for = looked_up.rows_of([0] * 11, list(range(1, 12)))
    assert looked_up.ends[speaks_for].tolist() == [1, 2, 2, 4, 4, 4, 4, 8, 8, 8, 11]


def test_fits_the_artifact_and_the_look_up() -> None:
    table = build_prefixes(Ragged.from_lists([[1, 2, 3], [], [4], [5, 6]]), UserProfileParams())
    assert table.schema == PREFIXES
    assert len(PrefixTable.from_table(table, 4)) == 3
