"""Data that no model can be trained on, and a model that could not be kept, are told of before the first step."""

from dataclasses import replace

import pyarrow as pa
import pytest
import torch

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.ground.errors import ArtifactError, ModelError, TrainingError
from sracl_core.params.train import TrainParams
from sracl_core.schemas.ingest import SEQUENCES
from sracl_core.training.fit import fit
from tests.training.small import inputs, params


def run(given: TrainingInputs, chosen: TrainParams) -> None:
    fit(given, chosen, torch.device("cpu"), tile_bytes=2**20, on_epoch=lambda epoch: None)


def test_sequences_of_another_catalogue_are_told() -> None:
    with pytest.raises(ArtifactError, match="they are not of the same run"):
        run(replace(inputs(), n_items=1), params(max_epochs=1))


def test_nothing_to_learn_from_is_told() -> None:
    given = inputs()
    short = pa.table({"user": [0], "train": [[1]], "valid": [[2]], "test": [[3]]}).cast(SEQUENCES)
    with pytest.raises(TrainingError, match=r"no next item to learn"):
        run(TrainingInputs(short, 3, given.prefixes, given.item_pool, given.user_pool, given.embeddings), params())
    unheld = pa.table({"user": [0], "train": [[1, 2]], "valid": [[]], "test": [[]]}).cast(SEQUENCES)
    with pytest.raises(TrainingError, match=r"No user has a validation target"):
        run(TrainingInputs(unheld, 3, given.prefixes, given.item_pool, given.user_pool, given.embeddings), params())


def test_a_backbone_whose_model_would_be_loaded_without_what_it_holds() -> None:
    said = r"Remembering' is another when its model is loaded.*register_buffer"
    with pytest.raises(ModelError, match=said) as caught:
        run(inputs(), params(backbone="tests.model.text_fed:Remembering"))
    assert "\n" not in str(caught.value)
