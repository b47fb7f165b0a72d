"""CL4SRec against a plain loop: the same draws, one window after another."""

import math

import pytest
import torch

from sracl_core.objectives.cl4srec import CL4SRecParams
from sracl_core.objectives.protocol import Anchors
from sracl_core.objectives.shared.augmentations import CROP, MASK, Draws, draw_pairs
from sracl_core.objectives.shared.views import view_augmented
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


def plain_augment(window: list[int], kind: int, start: float, order: list[float], params: CL4SRecParams) -> list[int]:
    """One window augmented as the paper tells it."""
    length = len(window)
    if kind == MASK:
        first = sorted(range(length), key=order.__getitem__)[: math.floor(params.mask * length)]
        return [0 if place in first else item for place, item in enumerate(window)]
    part = max(1, math.floor(params.crop * length)) if kind == CROP else math.floor(params.reorder * length)
    begin = math.floor(start * (length - part + 1))
    inside = range(begin, begin + part)
    if kind == CROP:
        return [window[place] for place in inside]
    moved = iter(sorted(inside, key=order.__getitem__))
    return [window[next(moved)] if place in inside else item for place, item in enumerate(window)]


def plain_views(windows: list[list[int]], draws: Draws, params: CL4SRecParams) -> list[list[int]]:
    """The first views of all windows, then the second."""
    order, views = draws.order.tolist(), []
    for window, kind, start in zip(windows * 2, draws.kinds.tolist(), draws.starts.tolist(), strict=True):
        views.append(plain_augment(window, kind, start, order[: len(window)], params))
        order = order[len(window) :]
    return views


@pytest.mark.parametrize(("mode", "backbone_name"), WAYS)
@pytest.mark.parametrize("rates", [(0.6, 0.3, 0.6), (0.1, 1.0, 1.0), (1.0, 0.5, 0.3)])
def test_the_term_and_its_gradient_are_those_of_a_plain_loop(
    mode: str, backbone_name: str, rates: tuple[float, float, float]
) -> None:
    crop, mask, reorder = rates
    params = CL4SRecParams(weight=0.3, temperature=0.7, crop=crop, mask=mask, reorder=reorder)
    backbone, objective = objective_of("cl4srec", params, backbone_name=backbone_name, mode=mode)
    in_double(backbone)
    anchors = anchors_of(objective, backbone, COUNT)
    windows = [window_of(objective, position) for position in anchors.positions.tolist()]
    drawn = draw_pairs(torch.tensor([len(window) for window in windows]), copied(objective.context.generator))
    (term,) = objective.terms(anchors, backbone)
    assert (term.name, term.weight) == ("augmented", 0.3)
    states = [state_after(backbone, view) for view in plain_views(windows, drawn, params)]
    assert_same_with_gradients(term.value, plain_info_nce(states[:COUNT], states[COUNT:], 0.7), backbone)


@pytest.mark.parametrize("own", [slice(0, 2), slice(2, 5), slice(3, 3), slice(0, 5)])
def test_processes_that_share_a_batch_draw_the_same_views(own: slice) -> None:
    found = {}
    for rows in (slice(0, 5), own):
        backbone, objective = objective_of("cl4srec", None)
        anchors = anchors_of(objective, backbone)
        share_of = Anchors(anchors.positions, rows, anchors.states[rows])
        found[rows.start, rows.stop] = view_augmented(objective.context, share_of, (0.6, 0.3, 0.6))
    whole, share = found[0, 5], found[own.start, own.stop]
    views = [view.tolist() for view in whole.items.split(whole.lengths.tolist())]
    assert [view.tolist() for view in share.items.split(share.lengths.tolist())] == views[:5][own] + views[5:][own]
    assert share.read.tolist() == (share.lengths.cumsum(0) - 1).tolist()
