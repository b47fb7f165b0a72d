"""What the search chooses: by one seed, and by the mean of several once the best few have them."""

import sys
from typing import Any

from dag.source import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from quality import best, finalists, listed
from search_space import SWITCHES


def row(name: str, ndcg: float, *finals: float, hr: float = 0.2) -> dict[str, Any]:
    valid = {"ndcg@20": ndcg, "hr@20": hr}
    further = {"finals": {str(seed): {"ndcg@20": value} for seed, value in enumerate(finals, start=2)}}
    return {"switch": {"name": name}, "valid": valid} | (further if finals else {})


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [one["switch"]["name"] for one in rows]


def test_one_seed_chooses_the_highest_and_of_equals_at_four_digits_the_first() -> None:
    rows = [row("low", 0.080), row("first", 0.08841), row("equal", 0.08844), row("lower", 0.0883)]
    assert names([best(rows)]) == ["first"]


def test_with_more_seeds_the_mean_chooses_among_those_that_have_them() -> None:
    rows = [row("lucky", 0.0889, 0.085, 0.086), row("steady", 0.0884, 0.0882, 0.0886), row("single", 0.0887)]
    assert names([best(rows)]) == ["steady"]


def test_rows_are_as_listed_whichever_ended_first_and_so_is_the_choice_among_equals() -> None:
    switches = [{}, *SWITCHES["both"]]
    ended = [{"switch": switch, "valid": {"ndcg@20": 0.088}} for switch in reversed(switches)]
    assert [row["switch"] for row in listed("both", ended)] == switches
    assert best(listed("both", ended))["switch"] == {}


def test_finalists_are_the_three_best_of_one_seed_without_the_same_model_twice() -> None:
    rows = [row("d", 0.081), row("b", 0.083), row("b longer", 0.083), row("a", 0.084), row("c", 0.083, hr=0.21)]
    assert names(finalists(rows)) == ["a", "b", "c"]


def test_finalists_stay_the_same_when_further_seeds_are_known() -> None:
    rows = [row("a", 0.084, 0.07, 0.07), row("b", 0.083, 0.07, 0.07), row("c", 0.082, 0.07, 0.07), row("d", 0.081)]
    assert names(finalists(rows)) == ["a", "b", "c"]
