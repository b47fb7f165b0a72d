"""Whole trainings with the losses that draw negatives."""

from typing import Any

import pytest
import torch
from torch import Tensor

from sracl_core.params.train import LOSSES
from sracl_core.recommendation.protocol import RecommendationLoss
from sracl_core.training.epoch import Epoch
from sracl_core.training.fit import Fit, begin_training, fit
from tests.training.small import inputs, params

CPU = torch.device("cpu")


def run(**chosen: Any) -> tuple[Fit, list[Epoch]]:
    epochs: list[Epoch] = []
    return fit(inputs(), params(**chosen), CPU, tile_bytes=2**20, on_epoch=epochs.append), epochs


@pytest.mark.parametrize("loss", [name for name in LOSSES if name != "softmax"])
def test_gradients_row_by_row_are_those_of_whole_tables(loss: str) -> None:
    """In the second step too, when the first one's are forgotten."""
    found: list[list[Tensor]] = []
    for whole in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            if whole:
                patch.setattr(RecommendationLoss, "scores_all", True)
            state = begin_training(inputs(), params(loss=loss, dropout=0.3), CPU)
        assert state.backbone.item_embedding.sparse is not whole
        found.append([])
        for batch in list(state.steps.batches(8))[:2]:
            state.clear_gradients()
            state.steps.losses(batch, state.backbone, state.objective).total().backward()
            found[-1] += [weight.grad.clone() for weight in state.weights if weight.grad is not None]
    for rows, table in zip(*found, strict=True):
        torch.testing.assert_close(rows, table, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("loss", LOSSES)
def test_it_is_learned_from(loss: str) -> None:
    _, epochs = run(loss=loss, max_epochs=8, alpha=0.0, beta=0.0)
    assert epochs[-1].losses["recommendation"] < epochs[0].losses["recommendation"]


def test_another_loss_changes_no_other_draw() -> None:
    kept, random = [], []
    for loss in ("softmax", "bpr"):
        state = begin_training(inputs(), params(loss=loss, dropout=0.3), CPU)
        untouched = state.steps.kept(0)["loss"]
        for batch in state.steps.batches(8):
            state.steps.losses(batch, state.backbone, state.objective)
        kept.append(state.steps.kept(0))
        random.append(torch.get_rng_state())
    assert all(torch.equal(kept[0][name], kept[1][name]) for name in ("order", "sampling"))
    assert torch.equal(*random)
    assert torch.equal(kept[0]["loss"], untouched) and not torch.equal(kept[1]["loss"], untouched)
