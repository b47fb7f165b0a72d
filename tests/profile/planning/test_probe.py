"""Which prompts a probe takes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sracl_core.profile.planning.probe import RUN, spread


@given(total=st.integers(0, 300), count=st.integers(2, 100))
def test_a_probe_is_spread_in_runs(total: int, count: int) -> None:
    places = spread(total, count)
    assert len(places) == min(total, count)
    assert places == sorted(set(places))
    assert set(places) <= set(range(total))
    gaps = [after - before for before, after in pairwise(places) if after - before > 1]
    assert len(gaps) <= (count - 1) // RUN
    if total >= count > RUN:
        assert places[-1] >= total - RUN
        assert not gaps or max(gaps) - min(gaps) <= 1
