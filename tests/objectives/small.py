"""Small worlds for any objective."""

from typing import Any

import torch

from sracl_core.batching.group import ALONE
from sracl_core.batching.samples import MODES
from sracl_core.batching.sequences import Sequences
from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.objectives.protocol import Anchors, Context, build_objective
from sracl_core.ragged import Ragged
from tests.training.small import inputs, params

CPU = torch.device("cpu")


def objective_of(name: str, chosen: Any) -> tuple[Backbone, Any]:
    """A backbone and the objective `name` with the parameters `chosen` (None: as shipped) over small inputs."""
    given, sizes = inputs(), params().backbone_params
    sequences = Sequences.from_ragged(Ragged.from_column(given.sequences["train"]), CPU)
    samples = MODES["causal"](sequences, sizes.max_length)
    torch.manual_seed(0)
    backbone = build_backbone("sasrec", given.n_items, sizes)
    draws = torch.Generator().manual_seed(1)
    context = Context(given, sequences, samples, sizes.hidden, draws, ALONE, f"train.objectives.{name}")
    chosen = chosen if chosen is not None else getattr(params().objectives, name)
    return backbone, build_objective(name, chosen, context)


def anchors_of(objective: Any, backbone: Backbone, count: int = 5) -> Anchors:
    """The last prefixes of the first samples, as anchors."""
    positions = objective.context.samples.lasts[:count]
    begins = objective.context.samples.begins[positions]
    windows = [
        objective.context.sequences.items[begin : last + 1]
        for begin, last in zip(begins.tolist(), positions.tolist(), strict=True)
    ]
    states = torch.stack([backbone(window[None])[0, -1] for window in windows])
    return Anchors(positions, slice(0, count), states)
