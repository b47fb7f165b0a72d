"""The objective: which branch is there, and that it passes its parameters on."""

import pytest
import torch

from sracl_core.model.losses import info_nce
from sracl_core.model.objectives.sracl import SRACL
from sracl_core.model.synthesizer import Synthesizer, UniformSynthesizer
from sracl_core.params.train import InterParams, IntraParams, ModelParams, TrainParams

MODEL = ModelParams(hidden=4, layers=1, heads=1, feed_forward=4, dropout=0.0, max_length=5)
INTER = InterParams(similarity="dot", temperature=0.7, synthesizer="uniform", dropout=0.0)
INTRA = IntraParams(similarity="cosine", temperature=0.3, substitution_rate=0.2)


def objective(alpha: float, synthesizer: str = "uniform") -> SRACL:
    inter = INTER.model_copy(update={"synthesizer": synthesizer})
    return SRACL(TrainParams(model=MODEL, alpha=alpha, beta=0.1, inter=inter, intra=INTRA), semantic_dimension=6)


RANDOM = torch.Generator().manual_seed(0)
ANCHORS, FIRST, SECOND = torch.randn(3, 3, 4, generator=RANDOM)
SEMANTICS = torch.randn(3, 6, generator=RANDOM), torch.randn(3, 2, 6, generator=RANDOM)


def test_each_branch_uses_its_own_similarity_and_temperature() -> None:
    torch.testing.assert_close(objective(0.1).inter_user(ANCHORS, FIRST), info_nce(ANCHORS, FIRST, 0.7, "dot"))
    torch.testing.assert_close(objective(0.1).intra_user(FIRST, SECOND), info_nce(FIRST, SECOND, 0.3, "cosine"))


def test_both_branches_leave_out_what_is_excluded() -> None:
    excluded = torch.tensor([[0, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=torch.bool)
    expected = info_nce(ANCHORS, FIRST, 0.7, "dot", excluded)
    torch.testing.assert_close(objective(0.1).inter_user(ANCHORS, FIRST, excluded), expected)
    expected = info_nce(FIRST, SECOND, 0.3, "cosine", excluded)
    torch.testing.assert_close(objective(0.1).intra_user(FIRST, SECOND, excluded), expected)


def test_the_synthesizer_is_the_one_asked_for_and_absent_without_alpha() -> None:
    assert isinstance(objective(0.1).synthesizer, UniformSynthesizer)
    assert objective(0.1).mixture(*SEMANTICS).weights.tolist() == [[0.5, 0.5]] * 3
    assert isinstance(objective(0.1, "learnable").synthesizer, Synthesizer)
    off = objective(0.0, "learnable")
    assert off.synthesizer is None
    assert not list(off.parameters())
    with pytest.raises(ValueError, match="alpha = 0"):
        off.mixture(*SEMANTICS)


def test_building_without_alpha_leaves_the_random_state_alone() -> None:
    before = torch.random.get_rng_state()
    objective(0.0, "learnable")
    assert torch.equal(before, torch.random.get_rng_state())
    objective(0.1, "learnable")
    assert not torch.equal(before, torch.random.get_rng_state())
