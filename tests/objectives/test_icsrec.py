"""ICSRec against a plain loop: the same draws and clusters, one prefix after another."""

import pytest
import torch

from sracl_core.objectives.icsrec import ICSRecParams
from sracl_core.objectives.shared.clusters import k_means
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


@pytest.mark.parametrize(("mode", "backbone_name"), WAYS)
@pytest.mark.parametrize("masked", [True, False])
def test_the_terms_and_their_gradients_are_those_of_a_plain_loop(mode: str, backbone_name: str, masked: bool) -> None:
    params = ICSRecParams(coarse=0.3, fine=0.2, intents=4, temperature=0.7, mask_same_intent=masked)
    backbone, objective = objective_of("icsrec", params, backbone_name=backbone_name, mode=mode)
    in_double(backbone)
    objective.double()
    generator = copied(objective.context.generator)
    objective.begin_epoch(backbone)
    everything = [state_after(backbone, window_of(objective, at)) for at in objective.same_target.positions.tolist()]
    centres = k_means(torch.stack(everything).detach(), 4, generator)
    torch.testing.assert_close(objective.centres, centres)
    anchors = anchors_of(objective, backbone, COUNT)
    positions, items = anchors.positions.tolist(), objective.context.sequences.items
    drawn = objective.same_target.draw(anchors.positions, generator).tolist()
    views = [[state_after(backbone, window_of(objective, at)) for at in each] for each in (positions, drawn)]
    targets = [int(items[position + 1]) for position in positions]
    fine = []
    for states in views:
        intents = [int(torch.stack([(state - centre).norm() for centre in centres]).argmin()) for state in states]
        assert len(set(intents)) < COUNT
        own = [centres[k] / centres[k].norm() for k in intents]
        fine.append(plain_info_nce(states, own, 0.7, intents if masked else None))
    expected = {
        "coarse_intent": (0.3, plain_info_nce(*views, 0.7, targets if masked else None)),
        "fine_intent": (0.2, fine[0] + fine[1]),
    }
    terms = {term.name: (term.weight, term.value) for term in objective.terms(anchors, backbone)}
    assert list(terms) == list(expected)
    for name, (weight, value) in expected.items():
        assert terms[name][0] == weight
        assert_same_with_gradients(terms[name][1], value, backbone)


@pytest.mark.parametrize(("coarse", "fine", "names"), [(0.1, 0.0, ["coarse_intent"]), (0.0, 0.1, ["fine_intent"])])
def test_what_has_weight_0_is_not_computed(coarse: float, fine: float, names: list[str]) -> None:
    backbone, objective = objective_of("icsrec", ICSRecParams(coarse=coarse, fine=fine))
    objective.begin_epoch(backbone)
    assert [term.name for term in objective.terms(anchors_of(objective, backbone), backbone)] == names
    assert bool(len(objective.centres)) == (fine > 0)
