"""From artifacts in memory to a trained backbone: everything that is seeded is seeded here."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch

from sracl_core.ground.errors import TrainingError
from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.model.objectives.sracl import SRACL
from sracl_core.params.train import TrainParams
from sracl_core.prefixes import NOTHING_TO_LEARN, PrefixTable
from sracl_core.ragged import Ragged
from sracl_core.sequences import require_known_items
from sracl_core.training.checkpoints import Checkpoints
from sracl_core.training.data import Sequences, load_semantics
from sracl_core.training.epoch import Epoch, TrainedModel
from sracl_core.training.group import ALONE, Group
from sracl_core.training.loop import train
from sracl_core.training.samples import MODES
from sracl_core.training.state import TrainingState
from sracl_core.training.steps import Steps
from sracl_core.training.validation import Validation


@dataclass(frozen=True)
class TrainingInputs:
    """What training reads.

    `sequences` in the SEQUENCES schema, `n_items` items in the catalogue, `prefixes` in the PREFIXES schema,
    `item_pool` int64 [n_items, k], `user_pool` int64 [P, k] and `embeddings` float32 [P, D] of the P prefixes; k or D
    may be 0 where no contrast of the training uses it.
    """

    sequences: pa.Table
    n_items: int
    prefixes: pa.Table
    item_pool: np.ndarray
    user_pool: np.ndarray
    embeddings: np.ndarray


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

    Raises TrainingError when there is nothing to learn from, or the mode is not one the backbone can be trained in, and
    ArtifactError when the sequences hold an item beyond the catalogue.
    """
    require_known_items(inputs.sequences, inputs.n_items)
    train_part = Ragged.from_column(inputs.sequences["train"])
    if train_part.lengths.max(initial=0) < 2:
        raise TrainingError(NOTHING_TO_LEARN)
    _require_used(inputs, params)
    torch.manual_seed(params.seed)
    backbone = build_backbone(params.backbone, inputs.n_items, params.model).to(device)
    if params.mode == "causal" and not backbone.reads_prefixes:
        raise TrainingError(
            f"Prefixes can't be read off a longer pass of the backbone {params.backbone}; set train.mode: prefix."
        )
    objective = SRACL(params, inputs.embeddings.shape[1]).to(device)
    sequences = Sequences.from_ragged(train_part, device)
    semantics = None
    if params.alpha > 0 or params.beta > 0:
        prefixes = PrefixTable.from_table(inputs.prefixes, len(train_part))
        semantics = load_semantics(train_part, prefixes, inputs.item_pool, inputs.user_pool, inputs.embeddings)
        semantics = semantics.to(device)
    steps = Steps(sequences, semantics, MODES[params.mode](sequences, params.model.max_length), params, group)
    group.seed(params.seed)
    return TrainingState(backbone, objective, steps, params)


def _require_used(inputs: TrainingInputs, params: TrainParams) -> None:
    """Raise TrainingError where a contrast would look into something empty: the loss would be of nothing, unseen."""
    for used, array, name in (
        (params.uses_item_pools, inputs.item_pool, "candidate pools of items"),
        (params.uses_user_pools, inputs.user_pool, "candidate pools of prefixes"),
        (params.alpha > 0, inputs.embeddings, "embeddings of prefixes"),
    ):
        if used and not array.size:
            raise TrainingError(
                f"There are no {name}, which train.alpha {params.alpha:g} and train.beta {params.beta:g} need. "
                "Give them to the training, or set both to 0."
            )
