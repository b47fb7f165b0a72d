"""SRA-CL's objective: which terms are there, what they are made with, and what it needs of retrieval."""

from dataclasses import replace

import pytest
import torch

from sracl_core.ground.errors import TrainingError
from sracl_core.objectives.protocol import Anchors
from sracl_core.objectives.semantic.synthesizer import Synthesizer, UniformSynthesizer
from sracl_core.objectives.shared.info_nce import info_nce
from sracl_core.objectives.sracl import InterParams, IntraParams, SRACLParams
from sracl_core.training.fit import begin_training
from tests.objectives.small import CPU, anchors_of, objective_of
from tests.training.small import inputs, params

WHOLE = {"dropout": 0.0, "candidates": "gradient"}


def test_each_branch_uses_its_own_similarity_and_temperature() -> None:
    """Two worlds that differ in one branch's settings differ in that branch's term alone."""
    found = {}
    for name, inter, intra in (("both", 0.7, 0.3), ("inter", 0.2, 0.3), ("intra", 0.7, 0.9)):
        chosen = SRACLParams(
            inter=InterParams(similarity="dot", temperature=inter, **WHOLE),
            intra=IntraParams(similarity="cosine", temperature=intra, substitution_rate=0.2),
        )
        backbone, objective = objective_of("sracl", chosen)
        found[name] = {term.name: term for term in objective.terms(anchors_of(objective, backbone), backbone)}
    assert set(found["both"]) == {"inter_user", "intra_user"}
    assert found["inter"]["intra_user"].value == found["both"]["intra_user"].value
    assert found["intra"]["inter_user"].value == found["both"]["inter_user"].value
    assert found["inter"]["inter_user"].value != found["both"]["inter_user"].value
    assert found["intra"]["intra_user"].value != found["both"]["intra_user"].value


def test_the_weights_are_alpha_and_beta() -> None:
    backbone, objective = objective_of("sracl", SRACLParams(alpha=0.3, beta=0.7))
    terms = objective.terms(anchors_of(objective, backbone), backbone)
    assert [(term.name, term.weight) for term in terms] == [("inter_user", 0.3), ("intra_user", 0.7)]


def test_the_mean_of_candidates_by_hand() -> None:
    """The uniform synthesizer's positive is the plain mean of the candidates' states."""
    chosen = SRACLParams(alpha=1.0, beta=0.0, inter=InterParams(similarity="dot", synthesizer="uniform", **WHOLE))
    backbone, objective = objective_of("sracl", chosen)
    assert isinstance(objective.synthesizer, UniformSynthesizer)
    anchors = anchors_of(objective, backbone)
    semantics, samples = objective.semantics, objective.context.samples
    positives = []
    for position in anchors.positions.tolist():
        ends = semantics.position[semantics.user_pool[semantics.prefix_at[position]]].tolist()
        windows = [objective.context.sequences.items[samples.begins[end] : end + 1] for end in ends]
        positives.append(torch.stack([backbone(window[None])[0, -1] for window in windows]).mean(dim=0))
    expected = info_nce(anchors.states, torch.stack(positives), 0.1, "dot")
    (term,) = objective.terms(anchors, backbone)
    torch.testing.assert_close(term.value, expected)


def test_the_synthesizer_is_the_one_asked_for_and_absent_without_alpha() -> None:
    assert isinstance(objective_of("sracl", SRACLParams())[1].synthesizer, Synthesizer)
    _, off = objective_of("sracl", SRACLParams(alpha=0.0))
    assert off.synthesizer is None
    assert not list(off.parameters())


def test_building_without_alpha_leaves_the_random_state_alone() -> None:
    states = [objective_of("sracl", SRACLParams(alpha=alpha)) and torch.random.get_rng_state() for alpha in (0.0, 0.1)]
    objective_of("plain", None)
    assert torch.equal(states[0], torch.random.get_rng_state())
    assert not torch.equal(states[1], torch.random.get_rng_state())


def test_without_both_it_asks_for_nothing() -> None:
    chosen = SRACLParams(alpha=0.0, beta=0.0)
    backbone, objective = objective_of("sracl", chosen)
    assert chosen.needs("x") == []
    assert not objective.needs_anchors
    nowhere = Anchors(torch.zeros(0, dtype=torch.int64), slice(0), torch.zeros(0, 8))
    assert objective.terms(nowhere, backbone) == []


@pytest.mark.parametrize(
    ("lacking", "alpha", "beta", "said"),
    [
        ("item_pool", 0.0, 0.25, "beta is 0.25: the intra-user contrast needs candidate pools of items"),
        ("user_pool", 0.5, 0.0, "alpha is 0.5: the inter-user contrast needs candidate pools of prefixes"),
        ("embeddings", 0.5, 0.0, "alpha is 0.5: the inter-user contrast needs embeddings of prefixes"),
    ],
)
def test_what_is_lacking_is_told_with_who_needs_it(lacking: str, alpha: float, beta: float, said: str) -> None:
    given = inputs()
    given = replace(given, **{lacking: getattr(given, lacking)[:, :0]})
    with pytest.raises(TrainingError, match=f"train.objectives.sracl.{said}, and there are none"):
        begin_training(given, params(alpha, beta), CPU)
