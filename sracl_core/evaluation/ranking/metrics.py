"""Ranking metrics of one relevant item a user, from its rank in the full ranking."""

from collections.abc import Sequence

import numpy as np


def metric_names(cutoffs: Sequence[int]) -> list[str]:
    """Return the names of all metrics in the order of reports: hr@5, hr@10, …, ndcg@5, …, mrr@5, …."""
    return [f"{kind}@{k}" for kind in ("hr", "ndcg", "mrr") for k in cutoffs]


def metric_values(ranks: np.ndarray, name: str) -> np.ndarray:
    """Return the metric `name` (hr@K, ndcg@K or mrr@K) of every user, float64 [U].

    `ranks` is [U], 1 is best. With a single relevant item of rank r, all are 0 for r > K; otherwise HR@K is 1,
    NDCG@K is 1 / log2(r + 1) and MRR@K is 1 / r.
    """
    kind, _, cutoff = name.partition("@")
    ranks = np.asarray(ranks, dtype=np.float64)
    gain = {"hr": np.ones_like(ranks), "ndcg": 1 / np.log2(ranks + 1), "mrr": 1 / ranks}[kind]
    return np.where(ranks <= int(cutoff), gain, 0.0)


def metrics_of(ranks: np.ndarray, cutoffs: Sequence[int]) -> dict[str, float]:
    """Return every metric's mean over the users, e.g. {"hr@5": …, "ndcg@5": …}; empty where there is no user."""
    if not len(ranks):
        return {}
    return {name: float(metric_values(ranks, name).mean()) for name in metric_names(cutoffs)}
