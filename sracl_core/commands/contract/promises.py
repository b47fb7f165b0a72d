"""What a training with any objective and backbone promises: each promise is a function that says what broke it."""

from collections.abc import Callable, Iterator
from itertools import islice, pairwise

import torch
from torch import Tensor

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.kinds import is_weight
from sracl_core.params.train import TrainParams
from sracl_core.training.durability.checkpoints import Snapshot
from sracl_core.training.fit import begin_training
from sracl_core.training.state import TrainingState

CPU = torch.device("cpu")
STEPS = 3  # of an epoch


def run(state: TrainingState) -> Iterator[dict[str, Tensor]]:
    """Train to the end of an epoch; after each step yield what its loss is made of."""
    state.begin_epoch()
    for batch in state.steps.batches(state.params.batch_size, done=state.step):
        parts = {name: value.detach() for name, value in state.make_step(batch).items()}
        state.add_losses(parts)
        yield parts


def losses_are_finite(inputs: TrainingInputs, params: TrainParams) -> str:
    """A few steps have finite losses, single numbers of the same names."""
    told = list(islice(run(begin_training(inputs, params, CPU)), STEPS))
    for number, parts in enumerate(told, start=1):
        for name, value in reversed(parts.items()):  # terms come before the total that they spoil
            if value.dim():
                return f"{name} has the shape {list(value.shape)}, expected a single number"
            if not value.isfinite():
                return f"{name} is {float(value)} in step {number}"
    changed = next((pair for pair in pairwise(told) if list(pair[0]) != list(pair[1])), None)
    return f"its terms changed from {list(changed[0])} to {list(changed[1])}" if changed else ""


def gradients_reach_every_weight(inputs: TrainingInputs, params: TrainParams) -> str:
    """In an epoch every weight of both gets a gradient that is finite and somewhere not 0."""
    state = begin_training(inputs, params, CPU)
    named = [
        (f"{part}.{name}", weight)
        for part, module in (("backbone", state.backbone), ("objective", state.objective))
        for name, weight in module.named_parameters()
    ]
    reached: set[str] = set()
    for _ in run(state):
        for name, weight in named:
            if weight.grad is not None and not weight.grad.isfinite().all():
                return f"the gradient of {name} is not finite"
            if weight.grad is not None and weight.grad.any():
                reached.add(name)
    missed = [name for name, _ in named if name not in reached]
    return f"no gradient reaches {', '.join(missed)}" if missed else ""


def the_seed_decides(inputs: TrainingInputs, params: TrainParams) -> str:
    """Trained twice with one seed, all is the same to the bit."""
    ends = []
    for _ in range(2):
        state = begin_training(inputs, params, CPU)
        list(run(state))
        ends.append(_copied(state.snapshot()).tensors)
    first, second = ends
    return _difference(first, second, "the second training with the same seed")


def it_goes_on(inputs: TrainingInputs, params: TrainParams) -> str:
    """Stopped inside an epoch and gone on elsewhere, from a checkpoint, it ends with the same bits."""
    state = begin_training(inputs, params, CPU)
    steps = run(state)
    next(steps)
    kept = _copied(state.snapshot())
    list(steps)
    whole = _copied(state.snapshot()).tensors
    other = begin_training(inputs, params, CPU)
    try:
        other.restore(kept)
    except RuntimeError as error:
        return f"its state cannot be loaded: {error}"
    list(run(other))
    return _difference(whole, _copied(other.snapshot()).tensors, "a training that went on from a checkpoint")


def weight_0_is_the_plain_backbone(inputs: TrainingInputs, params: TrainParams) -> str:
    """With every parameter of the kind `Weight` at 0 the backbone is the same to the bit as without an objective."""
    ends = []
    for chosen in (switched_off(params), params.model_copy(update={"objective": "plain"})):
        state = begin_training(inputs, chosen, CPU)
        list(run(state))
        ends.append({name: value.clone() for name, value in state.backbone.state_dict().items()})
    off, plain = ends
    return _difference(off, plain, "the backbone trained with weight 0")


def switched_off(params: TrainParams) -> TrainParams:
    """Return `params` with every parameter of the chosen objective that is of the kind `Weight` at 0."""
    groups = params.objectives.model_copy(update={params.objective: _off(params.objective_params)})
    return params.model_copy(update={"objectives": groups})


def _off(group: Fields) -> Fields:
    """The same with every weight at 0, in groups within it too."""
    changed: dict[str, object] = {}
    for name, field in type(group).model_fields.items():
        if is_weight(field):
            changed[name] = 0.0
        elif isinstance(inner := getattr(group, name), Fields):
            changed[name] = _off(inner)
    return group.model_copy(update=changed)


PROMISES: dict[str, Callable[[TrainingInputs, TrainParams], str]] = {
    "steps train with finite losses": losses_are_finite,
    "gradients reach every weight": gradients_reach_every_weight,
    "the same seed gives the same bits": the_seed_decides,
    "its state goes into a checkpoint and back": it_goes_on,
    "weight 0 is the plain backbone": weight_0_is_the_plain_backbone,
}


def _copied(snapshot: Snapshot) -> Snapshot:
    """What it holds now, whatever training goes on to do."""
    return Snapshot({name: tensor.clone() for name, tensor in snapshot.tensors.items()}, snapshot.record)


def _difference(expected: dict[str, Tensor], found: dict[str, Tensor], what: str) -> str:
    if odd := sorted(expected.keys() ^ found.keys()):
        return f"{what} differs in what it holds: {', '.join(odd)}"
    other = [name for name, tensor in expected.items() if not torch.equal(tensor, found[name])]
    return f"{what} differs in {', '.join(other)}" if other else ""
