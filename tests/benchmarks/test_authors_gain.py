"""Which rows of the authors' settings are compared: the best of those trained by prefixes, of either arm."""

import sys
from typing import Any

from dag.source import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from authors_gain import chosen


def row(ndcg: float, **switch: Any) -> dict[str, Any]:
    return {"switch": switch, "valid": {"ndcg@20": ndcg}}


PLAIN = {"alpha": 0.0, "beta": 0.0}


def test_the_best_of_either_arm_is_chosen_among_those_trained_by_prefixes() -> None:
    rows = [
        row(0.081),
        row(0.085, batch_size=64),
        row(0.099, mode="causal"),
        row(0.099, beta=0.0),
        row(0.079, **PLAIN),
        row(0.080, **PLAIN, batch_size=64),
        row(0.098, **PLAIN, mode="causal"),
    ]
    assert chosen(rows) == {"plain": PLAIN | {"batch_size": 64}, "both": {"batch_size": 64}}


def test_plain_set_as_both_joins_where_another_is_the_best_plain() -> None:
    rows = [
        row(0.085, **{"batch_size": 64, "intra.substitution_rate": 0.7, "mine.k": 5}),
        row(0.080, **PLAIN),
        row(0.079, **PLAIN, batch_size=64),
    ]
    arms = chosen(rows)
    assert list(arms) == ["plain", "both", "plain_set_as_both"]
    assert arms["plain_set_as_both"] == {"batch_size": 64} | PLAIN
