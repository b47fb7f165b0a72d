"""Plain SASRec by this project, in the comparison with other libraries."""

import numpy as np
import pyarrow as pa
import torch
from protocol import SETTINGS, Comparison

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.device import pick_device
from sracl_core.evaluation.ranking.encode import encode_histories
from sracl_core.model.backbones.sasrec import SASRecParams
from sracl_core.params.backbone import BACKBONE
from sracl_core.params.runtime import RuntimeParams
from sracl_core.params.train import TrainParams
from sracl_core.ragged import Ragged
from sracl_core.schemas.ingest import SEQUENCES
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.training.fit import begin_training

comparison = Comparison()
names = ("hidden", "layers", "heads", "feed_forward", "dropout")
sizes = {name: SETTINGS[name] for name in names} | {"max_length": SETTINGS["length"]}
params = TrainParams(
    objective="plain",
    batch_size=int(SETTINGS["batch"]),
    learning_rate=SETTINGS["learning_rate"],
    seed=comparison.seed,
    backbones=BACKBONE.shipped(sasrec=SASRecParams.model_validate(sizes)),
)
users = len(comparison.train)
parts = [comparison.train, [[int(item)] for item in comparison.valid], [[int(item)] for item in comparison.test]]
columns = [Ragged.from_lists(part).to_column() for part in parts]
sequences = pa.table([pa.array(np.arange(users, dtype=np.int32)), *columns], schema=SEQUENCES)
# Nothing reads pools or embeddings.
nothing = np.zeros((0, 1))
inputs = TrainingInputs(sequences, comparison.n_items, PREFIXES.empty_table(), nothing, nothing, nothing)
state = begin_training(inputs, params, pick_device(RuntimeParams(device="cpu")))


def scores(histories: list[list[int]]) -> np.ndarray:
    """Scores of all items after each history, [U, n_items]."""
    state.backbone.eval()
    with torch.no_grad():
        return (
            encode_histories(state.backbone, Ragged.from_lists(histories)) @ state.backbone.item_vectors().T
        ).numpy()


comparison.describe("sracl", sum(weight.numel() for weight in state.backbone.parameters()), "sracl", "torch")
going_on = True
while going_on:
    comparison.begin_epoch()
    state.begin_epoch()
    for batch in state.steps.batches(params.batch_size):
        state.make_step(batch)
    going_on = comparison.end_epoch(scores)
