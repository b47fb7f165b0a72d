"""The estimate of a step's memory, and the warning before it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sracl_core.params.train import TrainParams
from sracl_core.training.durability import memory
from sracl_core.training.durability.memory import free_bytes, step_bytes, warn_if_tight
from sracl_core.training.fit import begin_training
from sracl_core.training.state import TrainingState
from tests.training.reference import World
from tests.training.small import inputs, params


def state_of(chosen: TrainParams) -> TrainingState:
    world = World(inputs(users=40), chosen)
    return TrainingState(world.backbone.float(), world.objective.float(), world.steps, chosen)


def sizes(chosen: TrainParams) -> dict[str, int]:
    return {name: size for name, (size, _) in step_bytes(state_of(chosen)).items()}


def test_the_parts_grow_with_what_makes_them() -> None:
    parts = sizes(params(alpha=0.5, beta=0.5))
    assert set(parts) == {"scores of the catalogue", "samples", "candidates", "views", "optimizer"}
    assert parts["views"] == pytest.approx(2 * parts["samples"], abs=2)
    twice = sizes(params(alpha=0.5, beta=0.5, batch_size=16))
    for name, size in parts.items():
        assert twice[name] == pytest.approx(size if name == "optimizer" else 2 * size, abs=2)
    bank = sizes(params(alpha=0.5, beta=0.0, candidates="bank"))
    assert set(bank) == {"scores of the catalogue", "samples", "optimizer"}
    sampled = sizes(params(mode="prefix"))
    assert sampled["scores of the catalogue"] == 3 * 4 * 8 * 15  # copies × bytes × prefixes × items


def test_what_a_backbone_keeps_anyway_is_not_counted_for_every_window() -> None:
    """However long the text vectors are that lie in a buffer, and are read in every pass."""
    chosen = params(alpha=0.0, beta=0.0, backbone="tests.model.text_fed:Fed")
    given = inputs()
    states = [
        begin_training(
            replace(given, text_vectors=np.ones((given.n_items, dimension), np.float32)), chosen, torch.device("cpu")
        )
        for dimension in (2, 200)
    ]
    short, long = (step_bytes(state)["samples"] for state in states)
    assert short == long


def test_estimating_draws_no_random_numbers() -> None:
    state = state_of(params(dropout=0.5))
    before = torch.get_rng_state()
    step_bytes(state)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_tight_step_is_told_of_and_a_fitting_one_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    state = state_of(params(beta=0.0))
    warn_if_tight(state)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(memory, "free_bytes", lambda device: 10)
    warn_if_tight(state)
    told = capsys.readouterr().err
    assert "are free on cpu" in told
    assert "lower mine.k" in told


def test_free_memory_is_known_here() -> None:
    free = free_bytes(torch.device("cpu"))
    assert free is None or 0 < free < 2**50
