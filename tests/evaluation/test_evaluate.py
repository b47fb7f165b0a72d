"""A real backbone evaluated from end to end, against ranks worked out one user at a time."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from sracl_core.evaluation.evaluate import Evaluation, evaluate
from sracl_core.evaluation.ranking.metrics import metrics_of
from sracl_core.evaluation.report import metrics_text
from sracl_core.ground.errors import ArtifactError
from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.model.backbones.sasrec import SASRecParams
from sracl_core.params.evaluate import EvaluateParams
from sracl_core.schemas.ingest import SEQUENCES
from sracl_core.schemas.ranks import RANKS

N_ITEMS, TILE = 25, 2**20


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    torch.manual_seed(0)
    params = SASRecParams(hidden=8, layers=1, heads=2, feed_forward=16, dropout=0.5, max_length=6)
    return build_backbone("sasrec", N_ITEMS, params).eval()


@pytest.fixture(scope="module")
def sequences() -> pa.Table:
    random = np.random.default_rng(1)
    rows: list[dict[str, object]] = []
    for user in range(60):
        items = random.integers(1, N_ITEMS + 1, random.integers(2, 15)).tolist()
        held = 1 if len(items) >= 3 else 0
        train = items[: len(items) - 2 * held]
        rows.append({"user": user, "train": train, "valid": items[-2:-1] * held, "test": items[-1:] * held})
    return pa.Table.from_pylist(rows, schema=SEQUENCES)


def run(backbone: Backbone, sequences: pa.Table, **changed: object) -> Evaluation:
    return evaluate(backbone, sequences, EvaluateParams(**changed), TILE)  # type: ignore[arg-type]


@pytest.mark.parametrize("mask_seen", [False, True])
def test_ranks_are_those_of_one_user_at_a_time(backbone: Backbone, sequences: pa.Table, mask_seen: bool) -> None:
    found = run(backbone, sequences, mask_seen=mask_seen)
    assert found.ranks.schema.equals(RANKS)
    counts = np.bincount([item for row in sequences["train"].to_pylist() for item in row], minlength=N_ITEMS + 1)
    told = {(row["split"], row["user"]): row for row in found.ranks.to_pylist()}
    expected = 0
    for row in sequences.to_pylist():
        for split, history in (("valid", row["train"]), ("test", row["train"] + row["valid"])):
            if not row[split]:
                assert (split, row["user"]) not in told
                continue
            expected += 1
            target = row[split][0]
            with torch.no_grad():
                state = backbone(torch.tensor([history[-6:]]))[0, -1].double()
                scores = backbone.item_vectors().double() @ state
            rivals = set(range(1, N_ITEMS + 1)) - ({*history} - {target} if mask_seen else set())
            rank = sum(bool(scores[item - 1] >= scores[target - 1]) for item in rivals)
            line = told[split, row["user"]]
            assert (line["target"], line["rank"]) == (target, rank)
            assert (line["history_length"], line["target_count"]) == (len(history), counts[target])
    assert len(told) == len(found.ranks) == expected


def test_metrics_and_slices_follow_from_the_ranks(backbone: Backbone, sequences: pa.Table) -> None:
    params = EvaluateParams(cutoffs=[1, 5], length_edges=[4, 8, 100])
    found = run(backbone, sequences, cutoffs=[1, 5], length_edges=[4, 8, 100])
    assert list(found.metrics) == ["test", "valid"]
    for split, metrics in found.metrics.items():
        table = found.ranks.filter(pa.compute.equal(found.ranks["split"], split))
        ranks, lengths = table["rank"].to_numpy(), table["history_length"].to_numpy()
        assert metrics == {
            **metrics_of(ranks, params.cutoffs),
            "users": len(ranks),
            "users_without_target": 60 - len(ranks),
            "users_without_history": 0,
        }
        rows = {(row["slice"], row["metric"]): row for row in found.slices if row["split"] == split}
        assert rows["length 4-7", "hr@5"]["value"] == pytest.approx(
            (ranks[(lengths >= 4) & (lengths < 8)] <= 5).mean(), abs=1e-12
        )
        assert rows["head", "hr@5"]["n"] + rows["tail", "hr@5"]["n"] == len(ranks)
        empty = rows["length 100+", "ndcg@5"]
        assert (empty["n"], empty["value"]) == (0, None)
        mean = sum(rows[part, "mrr@5"]["value"] * rows[part, "mrr@5"]["n"] for part in ("head", "tail")) / len(ranks)
        assert mean == pytest.approx(metrics["mrr@5"])


def test_evaluating_twice_gives_the_same(backbone: Backbone, sequences: pa.Table) -> None:
    first, second = run(backbone, sequences), run(backbone, sequences)
    assert first.ranks.equals(second.ranks) and first.metrics == second.metrics and first.slices == second.slices


def test_a_model_of_another_catalogue_is_refused(backbone: Backbone, sequences: pa.Table) -> None:
    row = {"user": 60, "train": [1], "valid": [N_ITEMS + 1], "test": [1]}
    other = pa.concat_tables([sequences, pa.Table.from_pylist([row], schema=SEQUENCES)])
    with pytest.raises(ArtifactError, match=rf"hold item {N_ITEMS + 1} \(valid part\), .* knows items 1 to {N_ITEMS}:"):
        run(backbone, other)


def test_nobody_to_evaluate_is_said(backbone: Backbone) -> None:
    rows = [{"user": 0, "train": [1, 2], "valid": [], "test": []}]
    with pytest.raises(ArtifactError, match="nothing to evaluate"):
        run(backbone, pa.Table.from_pylist(rows, schema=SEQUENCES))


def test_a_split_without_users_is_told_without_metrics(backbone: Backbone) -> None:
    rows = [{"user": 0, "train": [1, 2], "valid": [], "test": [3]}, {"user": 1, "train": [], "valid": [], "test": [3]}]
    found = run(backbone, pa.Table.from_pylist(rows, schema=SEQUENCES))
    assert found.metrics["valid"] == {"users": 0, "users_without_target": 2, "users_without_history": 0}
    text = metrics_text(found.metrics, [5])
    assert "valid      0" in text and "test: users left out: 1 without a history" in text
