"""Validation during training: the same full ranking as the evaluation's, on the validation targets."""

import pyarrow as pa
import torch

from sracl_core.evaluation.ranking.cases import evaluation_cases
from sracl_core.evaluation.ranking.encode import encode_histories
from sracl_core.evaluation.ranking.full import full_ranks
from sracl_core.evaluation.ranking.metrics import metrics_of
from sracl_core.ground.errors import TrainingError
from sracl_core.model.backbone import Backbone


class Validation:
    """Ranks every user's validation target; `watched` (e.g. `ndcg@10`) decides the cutoff K of the metrics."""

    def __init__(self, sequences: pa.Table, watched: str, tile_bytes: int) -> None:
        """Take the sequences table; raises TrainingError when no user has a validation target."""
        self.cases = evaluation_cases(sequences, "valid")
        self.cutoff = int(watched.partition("@")[2])
        self.tile_bytes = tile_bytes
        if not len(self.cases):
            raise TrainingError(
                "No user has a validation target, so the best epoch can't be told. Leave-one-out needs users with "
                "three interactions or more; for split.method timeline raise split.valid_share."
            )

    def __call__(self, backbone: Backbone) -> dict[str, float]:
        """Return HR, NDCG and MRR at the watched cutoff for `backbone`, which must be in eval mode."""
        ranks = full_ranks(
            encode_histories(backbone, self.cases.histories),
            backbone.item_vectors(),
            torch.as_tensor(self.cases.targets),
            tile_bytes=self.tile_bytes,
        )
        return metrics_of(ranks.numpy(), [self.cutoff])
