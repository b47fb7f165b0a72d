"""The prefixes that get a profile, against a plain loop."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.artifacts import PREFIXES
from sracl_core.prefixes import PrefixTable
from sracl_core.profile.prefixes import build_prefixes
from sracl_core.ragged import Ragged

LENGTHS = st.lists(st.integers(0, 9), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(LENGTHS, st.integers(1, 5))
def test_every_end_with_a_training_target(lengths: list[int], window: int) -> None:
    sequences = Ragged.from_lists([[7] * length for length in lengths])
    rows = build_prefixes(sequences, "prefix", window).to_pylist()
    expected = [(user, max(0, end - window), end) for user, n in enumerate(lengths) for end in range(1, n)]
    assert [(row["user"], row["start"], row["end"]) for row in rows] == expected
    assert [row["prefix"] for row in rows] == list(range(len(expected)))


@settings(max_examples=60, deadline=None)
@given(LENGTHS, st.integers(1, 5))
def test_one_a_user(lengths: list[int], window: int) -> None:
    table = build_prefixes(Ragged.from_lists([[7] * length for length in lengths]), "user", window)
    expected = [(user, max(0, n - 1 - window), n - 1) for user, n in enumerate(lengths) if n >= 2]
    assert [(row["user"], row["start"], row["end"]) for row in table.to_pylist()] == expected


def test_fits_the_artifact_and_the_look_up() -> None:
    table = build_prefixes(Ragged.from_lists([[1, 2, 3], [], [4], [5, 6]]), "prefix", 20)
    assert table.schema == PREFIXES
    assert len(PrefixTable.from_table(table, 4)) == 3
