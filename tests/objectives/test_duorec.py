"""DuoRec against a plain loop: the same draws, one prefix after another."""

import pytest
import torch

from sracl_core.objectives.duorec import DuoRecParams
from sracl_core.objectives.shared.views import view_prefixes
from tests.model.sizes import WAYS
from tests.objectives.small import (
    anchors_of,
    assert_same_with_gradients,
    copied,
    in_double,
    objective_of,
    plain_info_nce,
    state_after,
    window_of,
)

COUNT = 7
CONTRASTS = {
    "across": ["views"],
    "each": ["unsupervised", "supervised"],
    "unsupervised": ["unsupervised"],
    "supervised": ["supervised"],
}


@pytest.mark.parametrize(("mode", "backbone_name"), WAYS)
@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("masked", [True, False])
def test_the_terms_and_their_gradients_are_those_of_a_plain_loop(
    mode: str, backbone_name: str, contrast: str, masked: bool
) -> None:
    """Without dropout, so that a second pass is the first."""
    params = DuoRecParams.model_validate(
        {"weight": 0.3, "contrast": contrast, "temperature": 0.7, "mask_same_target": masked}
    )
    backbone, objective = objective_of("duorec", params, backbone_name=backbone_name, mode=mode)
    in_double(backbone)
    anchors = anchors_of(objective, backbone, COUNT)
    items, positions = objective.context.sequences.items, anchors.positions.tolist()
    targets = [int(items[position + 1]) for position in positions]
    assert len(set(targets)) < COUNT  # some are no negatives of each other
    states = [state_after(backbone, window_of(objective, position)) for position in positions]
    others = states
    if contrast != "unsupervised":
        drawn = objective.same_target.draw(anchors.positions, copied(objective.context.generator)).tolist()
        assert [int(items[other + 1]) for other in drawn] == targets
        others = [state_after(backbone, window_of(objective, other)) for other in drawn]
    pairs = {"views": (states, others), "unsupervised": (states, states), "supervised": (states, others)}
    terms = objective.terms(anchors, backbone)
    assert [(term.name, term.weight) for term in terms] == [(name, 0.3) for name in CONTRASTS[contrast]]
    for term in terms:
        expected = plain_info_nce(*pairs[term.name], 0.7, targets if masked else None)
        assert_same_with_gradients(term.value, expected, backbone)


def test_the_views_of_a_prefix_have_dropout_of_their_own() -> None:
    """Also where a prefix is alone with its target, or drawn twice."""
    backbone, objective = objective_of("duorec", None, dropout=0.5)
    twice = anchors_of(objective, backbone, 4).positions.repeat(2)
    states = view_prefixes(objective.context, twice).encode(backbone)
    assert len(torch.unique(states, dim=0)) == len(states)
