"""From artifacts in memory to a trained backbone: everything that is seeded is seeded here."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from sracl_core.batching.group import ALONE, Group
from sracl_core.batching.inputs import TrainingInputs
from sracl_core.batching.samples import MODES
from sracl_core.batching.sequences import Sequences
from sracl_core.ground.errors import ModelError, TrainingError
from sracl_core.model.backbone import Backbone, build_backbone, comes_back
from sracl_core.objectives.protocol import Context, build_objective
from sracl_core.params.train import TrainParams
from sracl_core.prefixes import NOTHING_TO_LEARN
from sracl_core.ragged import Ragged
from sracl_core.recommendation.protocol import LossContext, build_loss
from sracl_core.sequences import require_known_items
from sracl_core.training.durability.checkpoints import Checkpoints
from sracl_core.training.epoch import Epoch, TrainedModel
from sracl_core.training.loop import train
from sracl_core.training.optimisation import precision
from sracl_core.training.state import TrainingState
from sracl_core.training.steps import Steps
from sracl_core.training.validation import Validation


@dataclass(frozen=True)
class Fit:
    """The backbone (with its last weights), the best weights, and the sequences it was really trained on."""

    backbone: Backbone
    model: TrainedModel
    trained_on: Ragged


def fit(
    inputs: TrainingInputs,
    params: TrainParams,
    device: torch.device,
    *,
    tile_bytes: int,
    on_epoch: Callable[[Epoch], None],
    checkpoints: Checkpoints | None = None,
    group: Group = ALONE,
) -> Fit:
    """Train the backbone that `params` describe.

    The same inputs, parameters and device give the same weights (on a GPU with `runtime.deterministic`), also when a
    training was killed and goes on from `checkpoints`, which must be of the same. Every process of a `group` calls this
    with the same and gets the same weights; without dropout they are those of one process, but for rounding. Raises
    TrainingError when there is nothing to learn from, or training can't go on.
    """
    validate = Validation(inputs.sequences, params.early_stop.metric, tile_bytes)
    state = begin_training(inputs, params, device, group)
    model = train(state, validate=validate, on_epoch=on_epoch, checkpoints=checkpoints)
    return Fit(state.backbone, model, state.steps.sequences.to_ragged())


def begin_training(
    inputs: TrainingInputs, params: TrainParams, device: torch.device, group: Group = ALONE
) -> TrainingState:
    """Return a training before its first step, everything seeded from `params.seed`, the global random states too.

    Raises TrainingError when there is nothing to learn from, the objective lacks what it reads, or the optimisation
    suits neither data nor device, ModelError when the backbone lacks the text vectors that it uses, or keeps them where
    no saved model has them, and ArtifactError when the sequences hold an item beyond the catalogue.
    """
    require_known_items(inputs.sequences, inputs.n_items)
    train_part = Ragged.from_column(inputs.sequences["train"])
    if train_part.lengths.max(initial=0) < 2:
        raise TrainingError(NOTHING_TO_LEARN)
    torch.manual_seed(params.seed)
    backbone = _begin_backbone(inputs, params).to(device)
    backbone.precision = precision(params, device)
    sequences = Sequences.from_ragged(train_part, device)
    samples = MODES[params.mode](sequences, backbone.params.max_length)
    sampling = torch.Generator(device=device).manual_seed(params.seed + 1)
    context = Context(inputs, sequences, samples, backbone.params.hidden, sampling, group, params.objective_place)
    objective = build_objective(params.objective_part, params.objective_params, context).to(device)
    drawing = torch.Generator(device=device).manual_seed(params.seed + 2)
    seen = LossContext(inputs.n_items, sequences.items, drawing, params.loss_place)
    loss = build_loss(params.loss_part, params.loss_params, seen).to(device)
    steps = Steps(sequences, samples, loss, sampling, params.seed, group=group)
    group.seed(params.seed)
    return TrainingState(backbone, objective, steps, params)


def _begin_backbone(inputs: TrainingInputs, params: TrainParams) -> Backbone:
    text = None if inputs.text_vectors is None else torch.tensor(inputs.text_vectors)
    backbone = build_backbone(params.backbone_part, inputs.n_items, params.backbone_params, text)
    # Its model is loaded without them: it would be evaluated with zeros, and nobody would know.
    if backbone.text_dimension is not None and not comes_back(backbone):
        raise ModelError(
            f"The backbone {params.backbone_part!r} is another when its model is loaded: it keeps text vectors, or "
            "what they make, where no file of weights has them. Keep it in weights or by register_buffer; `sracl "
            "check backbone` tries that."
        )
    return backbone
