"""Which prompts a probe takes, and what it says where none gets an answer."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sracl_core.errors import ModelError
from sracl_core.profile.planning.probe import RUN, measure, spread
from sracl_core.profile.store.answers import AnswerStore
from tests.profile.planning.test_plan import model_of, work


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


@pytest.mark.parametrize("count", [2, 12])
def test_nothing_is_estimated_from_broken_answers(count: int, tmp_path: Path) -> None:
    one = work("item")
    model_of(one).breaks = 1
    with pytest.raises(ModelError) as stopped:
        measure(one, AnswerStore(tmp_path / "store"), count)
    first, example, last = str(stopped.value).split("\n")
    assert f"no usable answer to any of the {count - 1} prompts measured for the item profiles, so nothing can" in first
    assert f"{3 * count} broken answers: empty. Some of them:" in first
    assert example == "  1. empty"
    assert last.startswith("See whether the server holds the model to the JSON schema")


def test_some_good_answers_are_enough(tmp_path: Path) -> None:
    one = work("item")
    model_of(one).breaks = 2
    probe = measure(one, AnswerStore(tmp_path / "store"), 12)
    assert probe is not None
    assert 0 < probe.replaced < probe.prompts == 11
