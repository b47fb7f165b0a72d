"""Evaluate a trained backbone on both splits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from sracl_core.evaluation.ranking.cases import SPLITS, EvaluationCases, evaluation_cases
from sracl_core.evaluation.ranking.encode import encode_histories
from sracl_core.evaluation.ranking.full import full_ranks
from sracl_core.evaluation.report import rank_table, slice_rows, split_metrics
from sracl_core.ground.errors import ArtifactError
from sracl_core.model.backbone import Backbone
from sracl_core.params.evaluate import EvaluateParams
from sracl_core.progress import Progress
from sracl_core.ragged import Ragged
from sracl_core.sequences import require_known_items


@dataclass(frozen=True)
class Evaluation:
    """What the evaluation found: ranks in the RANKS schema, metrics by split, rows of slices (see report.py)."""

    ranks: pa.Table
    metrics: dict[str, dict[str, float | int]]
    slices: list[dict[str, Any]]


def evaluate(backbone: Backbone, sequences: pa.Table, params: EvaluateParams, tile_bytes: int) -> Evaluation:
    """Rank every user's target of both splits among all items, on the backbone's device.

    `backbone` must be in eval mode; `tile_bytes` bounds the memory of scores (see `full_ranks`). Raises ArtifactError
    when the sequences hold items the model does not know, or when no user at all can be evaluated.
    """
    require_known_items(sequences, backbone.n_items)
    trained = Ragged.from_column(sequences["train"]).values
    counts = np.bincount(trained, minlength=backbone.n_items + 1)[1:]  # training interactions of each item, [n_items]
    tables, slices = [], []
    metrics: dict[str, dict[str, float | int]] = {}
    for split in SPLITS:
        cases = evaluation_cases(sequences, split)
        ranks = _ranks(backbone, cases, params.mask_seen, tile_bytes)
        tables.append(rank_table(cases, ranks, counts))
        metrics[split] = split_metrics(cases, ranks, params)
        slices += slice_rows(cases, ranks, counts, params)
    if not sum(len(table) for table in tables):
        raise ArtifactError(
            "No user has both a history and a held-out item, so there is nothing to evaluate. Leave-one-out needs "
            "users with three interactions or more; take more data, or the other split.method."
        )
    return Evaluation(pa.concat_tables(tables), metrics, slices)


def _ranks(backbone: Backbone, cases: EvaluationCases, mask_seen: bool, tile_bytes: int) -> np.ndarray:
    """Ranks of the cases' targets, int64 [M]."""
    queries = encode_histories(backbone, cases.histories)  # [M, d]
    with Progress(f"rank {cases.split}", len(cases), "users") as progress:
        ranks = full_ranks(
            queries,
            backbone.item_vectors(),
            torch.as_tensor(cases.targets),
            cases.histories if mask_seen else None,
            tile_bytes,
            progress=progress,
        )
    return ranks.numpy()
