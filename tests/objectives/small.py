"""Small worlds for any objective."""

from typing import Any

import torch
from torch import Tensor

from sracl_core.batching.group import ALONE
from sracl_core.batching.samples import MODES
from sracl_core.batching.sequences import Sequences
from sracl_core.model.backbone import PADDING, Backbone, build_backbone
from sracl_core.objectives.protocol import Anchors, Context, build_objective
from sracl_core.ragged import Ragged
from tests.training.small import inputs, params

CPU = torch.device("cpu")


def objective_of(
    name: str, chosen: Any, *, backbone_name: str = "sasrec", mode: str = "causal", dropout: float = 0.0
) -> tuple[Backbone, Any]:
    """A backbone and the objective `name` with the parameters `chosen` (None: as shipped) over small inputs."""
    given, sizes = inputs(), params(backbone=backbone_name, mode=mode, dropout=dropout).backbone_params
    sequences = Sequences.from_ragged(Ragged.from_column(given.sequences["train"]), CPU)
    samples = MODES[mode](sequences, sizes.max_length)
    torch.manual_seed(0)
    backbone = build_backbone(backbone_name, given.n_items, sizes)
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


def in_double(backbone: Backbone) -> Backbone:
    """The backbone in double precision, its weights large enough for states to differ well."""
    backbone.double()
    with torch.no_grad():
        for weight in backbone.parameters():
            weight.normal_(std=0.3)
        backbone.item_embedding.weight[PADDING].zero_()
    return backbone


def state_after(backbone: Backbone, window: list[int]) -> Tensor:
    """The state after one window that is encoded alone, [d]; it may hold masked items, 0."""
    return backbone.encode(torch.tensor(window), torch.tensor([len(window)]))[-1]


def window_of(objective: Any, position: int) -> list[int]:
    """The items that the prefix at a position is encoded from."""
    return objective.context.sequences.items[objective.context.samples.begins[position] : position + 1].tolist()


def copied(generator: torch.Generator) -> torch.Generator:
    """A generator that draws what this one will."""
    return torch.Generator().set_state(generator.get_state())


def plain_info_nce(
    first: list[Tensor], second: list[Tensor], temperature: float, targets: list[int] | None = None
) -> Tensor:
    """InfoNCE by the dot product, pair by pair; with `targets`, samples of the same target are no negatives."""
    count, losses = len(first), []
    for i in range(count):
        others = [j for j in range(count) if j != i and (targets is None or targets[j] != targets[i])]
        for view, positive in ((first[i], second[i]), (second[i], first[i])):
            above = (view @ positive / temperature).exp()
            below = sum(((view @ each[j] / temperature).exp() for each in (first, second) for j in others), above)
            losses.append(-(above / below).log())
    return torch.stack(losses).mean()


def assert_same_with_gradients(found: Tensor, expected: Tensor, backbone: Backbone) -> None:
    """Two losses are the same, and so is what they teach every weight."""
    torch.testing.assert_close(found, expected)
    weights = list(backbone.parameters())
    for fast, plain in zip(
        *(torch.autograd.grad(loss, weights, retain_graph=True) for loss in (found, expected)), strict=True
    ):
        torch.testing.assert_close(fast, plain)
