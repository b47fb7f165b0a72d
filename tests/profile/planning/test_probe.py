"""Which prompts a probe takes, and what it says where none gets an answer."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sracl_core.ground.errors import ModelError
from sracl_core.profile.planning.probe import RUN, measure, spread
from sracl_core.profile.store.answers import AnswerStore, address_of
from tests.profile.planning.test_plan import model_of, work
from tests.profile.store.claiming import held_by_another


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


def test_what_a_run_is_asking_for_is_left_to_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = work("item")
    addresses = [address_of(one.engine.identity, one.engine.prompt(request)) for request in one.requests()]
    with held_by_another(tmp_path / "store", addresses[:15]):
        probe = measure(one, AnswerStore(tmp_path / "store"), 12)
        assert measure(one, AnswerStore(tmp_path / "store"), 12) is None
    assert probe and probe.prompts == 4
    assert [call.key for call in model_of(one).asked] == [request.key for request in one.requests()][15:]
    assert "15 of the item prompts without an answer are being asked for by another run." in capsys.readouterr().err


def test_some_good_answers_are_enough(tmp_path: Path) -> None:
    one = work("item")
    model_of(one).breaks = 2
    probe = measure(one, AnswerStore(tmp_path / "store"), 12)
    assert probe is not None
    assert 0 < probe.replaced < probe.prompts == 11
