"""From ranks to what is written: ranks a user, metrics a split, metrics a slice."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from sracl_core.evaluation.ranking.cases import EvaluationCases
from sracl_core.evaluation.ranking.metrics import metric_names, metrics_of
from sracl_core.evaluation.slices import all_slices
from sracl_core.params.evaluate import EvaluateParams
from sracl_core.schemas.ranks import RANKS


def rank_table(cases: EvaluationCases, ranks: np.ndarray, counts: np.ndarray) -> pa.Table:
    """Return the ranks of one split in the RANKS schema, by user.

    `ranks` is [M]; `counts`, int64 [n_items], are training interactions an item.
    """
    columns = {
        "split": pa.array([cases.split] * len(cases), pa.string()),
        "user": cases.users,
        "target": cases.targets,
        "rank": np.asarray(ranks),
        "history_length": cases.histories.lengths,
        "target_count": counts[cases.targets - 1],
    }
    return pa.table(columns).cast(RANKS)


def split_metrics(cases: EvaluationCases, ranks: np.ndarray, params: EvaluateParams) -> dict[str, float | int]:
    """Return the metrics of one split, the number of users they average and the numbers of users left out."""
    return {
        **metrics_of(np.asarray(ranks), params.cutoffs),
        "users": len(cases),
        "users_without_target": cases.without_target,
        "users_without_history": cases.without_history,
    }


def slice_rows(
    cases: EvaluationCases, ranks: np.ndarray, counts: np.ndarray, params: EvaluateParams
) -> list[dict[str, Any]]:
    """Return a row {split, slice, metric, value, n} for each slice and metric of one split.

    An empty slice has n = 0 and no metrics: its values are None.
    """
    ranks = np.asarray(ranks)
    slices = all_slices(cases.targets, cases.histories.lengths, counts, params.head_share, params.length_edges)
    rows = []
    for name, members in slices.items():
        values = metrics_of(ranks[members], params.cutoffs)
        rows += [
            {
                "split": cases.split,
                "slice": name,
                "metric": metric,
                "value": values.get(metric),
                "n": int(members.sum()),
            }
            for metric in metric_names(params.cutoffs)
        ]
    return rows


def metrics_text(metrics: Mapping[str, Mapping[str, float | int]], cutoffs: Sequence[int]) -> str:
    """Return the metrics as a small plain table, one line a split, and who was left out."""
    names = metric_names(cutoffs)
    lines = ["       users  " + "  ".join(f"{name:>8}" for name in names)]
    notes = []
    for split, values in metrics.items():
        cells = (f"{values[name]:8.4f}" if name in values else f"{'–':>8}" for name in names)
        lines.append(f"{split:5} {values['users']:6}  " + "  ".join(cells))
        left_out = [
            f"{values[f'users_without_{what}']} without a {what}"
            for what in ("target", "history")
            if values[f"users_without_{what}"]
        ]
        notes += [f"{split}: users left out: {', '.join(left_out)}"] if left_out else []
    return "\n".join(lines + notes)
