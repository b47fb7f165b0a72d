"""The metrics against ranx, an independent implementation, and against values worked out by hand."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sracl_core.evaluation.ranking.metrics import metric_names, metric_values, metrics_of

CUTOFFS = [1, 5, 10, 20]


def test_by_hand() -> None:
    found = metrics_of(np.array([1, 3, 5, 6]), [5])
    assert found["hr@5"] == pytest.approx(3 / 4)
    assert found["ndcg@5"] == pytest.approx((1 + 1 / math.log2(4) + 1 / math.log2(6)) / 4)
    assert found["mrr@5"] == pytest.approx((1 + 1 / 3 + 1 / 5) / 4)


def test_names_are_in_the_order_of_reports() -> None:
    assert metric_names([5, 10]) == ["hr@5", "hr@10", "ndcg@5", "ndcg@10", "mrr@5", "mrr@10"]
    assert list(metrics_of(np.array([1]), [5, 10])) == metric_names([5, 10])


def test_nobody_has_no_metrics() -> None:
    assert metrics_of(np.zeros(0, dtype=np.int64), CUTOFFS) == {}


@given(ranks=st.lists(st.integers(1, 50), min_size=1, max_size=50))
def test_bounds_and_order(ranks: list[int]) -> None:
    for k in CUTOFFS:
        hr, ndcg, mrr = (metric_values(np.array(ranks), f"{kind}@{k}") for kind in ("hr", "ndcg", "mrr"))
        assert (mrr <= ndcg).all() and (ndcg <= hr).all() and (mrr >= 0).all()


def test_ranx_agrees_on_random_rankings(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    users, n_items = 200, 60
    scores = random.permuted(np.tile(np.arange(n_items), (users, 1)), axis=1) / n_items  # no ties
    targets = random.integers(0, n_items, users)
    ranks = (scores >= scores[np.arange(users), targets][:, None]).sum(axis=1)
    saved = tmp_path / "scores.npz"
    np.savez(saved, scores=scores, targets=targets)
    names = metric_names(CUTOFFS)
    theirs = [name.replace("hr@", "hit_rate@") for name in names]
    printed = subprocess.run(
        [sys.executable, "-m", "tests.evaluation.ranx_metrics", saved, *theirs],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    expected, ours = json.loads(printed), metrics_of(ranks, CUTOFFS)
    assert list(expected) == theirs
    for name, value in zip(names, expected.values(), strict=True):
        assert ours[name] == pytest.approx(value, abs=1e-12), name
