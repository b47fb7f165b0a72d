"""Parts on trial: every promise with every partner, told in a line each."""

import traceback
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import torch

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.commands.contract.promises import PROMISES
from sracl_core.commands.contract.states import STATE_PROMISES
from sracl_core.commands.contract.world import N_ITEMS, modes_of, small_inputs, small_params
from sracl_core.ground.errors import SraclError
from sracl_core.ground.faults import told
from sracl_core.ground.plugins import load_plugin, require_subclass
from sracl_core.model.backbone import Backbone, backbone_class, build_backbone
from sracl_core.objectives.protocol import Objective
from sracl_core.params.backbone import BACKBONES
from sracl_core.params.train import OBJECTIVES, TrainParams

Verdict = tuple[str, list[str]]  # a promise, and what broke it


def try_objective(name: str) -> Iterator[Verdict]:
    """Yield every promise of an objective, tried beside all backbones that come along.

    Raises ModelError where `name` leads to no objective.
    """
    require_subclass(name, load_plugin("sracl_core.objectives", name), Objective)
    yield from _try_training(BACKBONES, (name,))


def try_backbone(name: str) -> Iterator[Verdict]:
    """Yield every promise of a backbone, tried with all objectives that come along.

    Raises ModelError where `name` leads to no backbone.
    """
    backbone_class(name)  # raises before anything is told
    for promise, kept in STATE_PROMISES.items():
        broken = _tried(_of_states, kept, name)
        yield promise, [broken] if broken else []
    yield from _try_training((name,), OBJECTIVES)


def _try_training(backbones: tuple[str, ...], objectives: tuple[str, ...]) -> Iterator[Verdict]:
    inputs = small_inputs()
    partners = [
        (backbone, objective, mode)
        for backbone, objective in product(backbones, objectives)
        for mode in modes_of(backbone)
    ]
    for promise, kept in PROMISES.items():
        broken = []
        for backbone, objective, mode in partners:
            why = _tried(_of_training, kept, inputs, (backbone, objective, mode))
            if why:
                broken.append(f"{objective} with {backbone}, {mode}: {why}")
        yield promise, broken


def _with_large_weights(name: str) -> Backbone:
    """The backbone in eval mode, its weights large enough for states to differ."""
    torch.manual_seed(0)
    params, text_vectors = small_params(name, "plain", "prefix").backbone_params, small_inputs().text_vectors
    backbone = build_backbone(name, N_ITEMS, params, torch.tensor(text_vectors)).eval()
    with torch.no_grad():
        for weight in backbone.parameters():
            weight.normal_(std=0.3)
        backbone.item_embedding.weight[0].zero_()
    return backbone


def _of_states(kept: Callable[[Backbone], str], name: str) -> str:
    return kept(_with_large_weights(name))


def _of_training(
    kept: Callable[[TrainingInputs, TrainParams], str], inputs: TrainingInputs, parts: tuple[str, str, str]
) -> str:
    return kept(inputs, small_params(*parts))


def _tried(promise: Callable[..., str], *arguments: Any) -> str:
    """What broke a promise; an error of the part's own code breaks it too, and is told with its place."""
    try:
        return promise(*arguments)
    except SraclError as error:
        return str(error)
    except Exception as error:  # whatever a stranger's code raises
        if told(error) is not None:  # the machine's fault and no part's
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})"
