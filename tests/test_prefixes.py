"""The look-up of prefixes, against a plain search."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.ground.errors import ArtifactError
from sracl_core.prefixes import NO_PREFIX, PrefixTable
from sracl_core.schemas.prefixes import PREFIXES

ENDS_OF_USERS = st.lists(st.sets(st.integers(1, 12)).map(sorted), min_size=1, max_size=8)


def table(ends_of_users: list[list[int]]) -> pa.Table:
    rows = [(user, end) for user, ends in enumerate(ends_of_users) for end in ends]
    return pa.table(
        {
            "prefix": range(len(rows)),
            "user": [user for user, _ in rows],
            "start": [0] * len(rows),
            "end": [end for _, end in rows],
        },
        schema=PREFIXES,
    )


@settings(max_examples=60, deadline=None)
@given(ENDS_OF_USERS)
def test_finds_the_prefix_that_speaks_for_an_end(ends_of_users: list[list[int]]) -> None:
    prefixes = PrefixTable.from_table(table(ends_of_users), len(ends_of_users))
    users, ends = np.meshgrid(np.arange(len(ends_of_users)), np.arange(20), indexing="ij")
    found = prefixes.rows_of(users, ends)
    for user, end, row in zip(users.flat, ends.flat, found.flat, strict=True):
        if not ends_of_users[user]:
            assert row == NO_PREFIX
        else:
            expected = max((e for e in ends_of_users[user] if e <= end), default=ends_of_users[user][0])
            assert (prefixes.users[row], prefixes.ends[row]) == (user, expected)


def test_knows_the_rows_of_each_user() -> None:
    prefixes = PrefixTable.from_table(table([[1, 2], [], [3]]), 4)
    assert len(prefixes) == 3
    assert prefixes.offsets.tolist() == [0, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("column", "values"),
    [("end", [2, 2, 3]), ("user", [1, 0, 2]), ("user", [0, 0, 9]), ("start", [0, 2, 0]), ("prefix", [0, 2, 1])],
)
def test_a_wrong_row_is_named(column: str, values: list[int]) -> None:
    wrong = table([[1, 2], [], [3]])
    place = wrong.schema.get_field_index(column)
    wrong = wrong.set_column(place, PREFIXES.field(place), pa.array(values, PREFIXES.field(place).type))
    with pytest.raises(ArtifactError, match=r"row [12] of the prefixes .*`dvc repro profile_users`"):
        PrefixTable.from_table(wrong, 3)
