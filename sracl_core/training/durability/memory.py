"""How much memory a step takes, about, told before the first one; and what to lower where it did not suffice."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from sracl_core.batching.samples import Samples
from sracl_core.ground.errors import TrainingError
from sracl_core.ground.faults import little_room
from sracl_core.ground.machine import free_memory
from sracl_core.model.backbone import Backbone
from sracl_core.progress import tell
from sracl_core.training.state import TrainingState

TO_COME = 3  # gradient and Adam's two moments, beside the weights that are there
ALLOCATION_FAILED = ("can't allocate memory", "not enough memory", "out of memory")


def step_bytes(state: TrainingState) -> dict[str, tuple[int, str]]:
    """Return about how many bytes a step takes at its peak beyond what is held already, with what to lower.

    By what takes them.

    Samples and candidates are counted with their mean length, padding and repeated candidates are not looked at; what
    the backbone keeps of a position for its gradient is measured on one window.
    """
    params, samples, backbone = state.params, state.steps.samples, state.backbone
    longest, sizes = backbone.params.max_length, params.backbone_place
    per_position = _kept_bytes(backbone, longest) / longest
    batch = min(params.batch_size, len(samples.lasts))
    sample = _mean_length(samples, samples.lasts)
    scored = batch * sample if samples.every_position else batch
    moved = [*state.weights, *(state.second.weights if state.second is not None else [])]
    shorter = f"train.batch_size or {sizes}.max_length"
    found: dict[str, tuple[float, str]] = {
        **state.steps.loss.step_bytes(scored, backbone, shorter),
        "samples": (batch * sample * per_position, shorter),
        "optimizer": (TO_COME * sum(weight.nbytes for weight in moved), f"{sizes}.hidden"),
        **state.objective.step_bytes(batch, sample, per_position),
    }
    return {name: (int(size), lower) for name, (size, lower) in found.items()}


def warn_if_tight(state: TrainingState) -> None:
    """Say before the first step that it will hardly fit, and what to lower."""
    free = free_bytes(state.backbone.device)
    if free is None:
        return
    parts = step_bytes(state)
    needed = sum(size for size, _ in parts.values())
    if needed > free:
        largest = max(parts, key=lambda name: parts[name][0])
        size, lower = parts[largest]
        tell(
            f"A step will take about {_gb(needed)}, {_gb(size)} of it for the {largest}, but about "
            f"{_gb(free)} are free on {state.backbone.device.type}. If it fails, lower {lower}."
        )


@contextmanager
def told_what_to_lower(state: TrainingState) -> Iterator[None]:
    """Turn a failed allocation into a TrainingError that says which parameters to lower."""
    try:
        yield
    except RuntimeError as error:  # torch.OutOfMemoryError is one; the CPU's allocator raises it plain
        out_of_memory = isinstance(error, torch.OutOfMemoryError)
        if not out_of_memory and not any(words in str(error) for words in ALLOCATION_FAILED):
            raise
        params, longest = state.params, state.backbone.params.max_length
        lower = f"train.batch_size (now {params.batch_size}) or {params.backbone_place}.max_length ({longest})"
        for remedies in filter(None, (state.steps.loss.remedies(), state.objective.remedies())):
            lower += f", or {remedies}"
        limit = little_room()
        limited = f"Note that {limit}: raise ulimit -v, or lower" if limit else "Lower"
        raise TrainingError(
            f"A step did not fit into memory ({str(error).splitlines()[0].rstrip('.')}). {limited} {lower}."
        ) from None


def free_bytes(device: torch.device) -> int | None:
    """Return how much memory `device` has left, within the limit of a container; None where nobody tells."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return free_memory()


def _mean_length(samples: Samples, positions: Tensor) -> float:
    """The mean length of the windows of the prefixes at `positions`."""
    return float((positions - samples.begins[positions] + 1).double().mean())


def _kept_bytes(backbone: Backbone, length: int) -> int:
    """The bytes that one window of `length` items keeps for its gradient."""
    there = (*backbone.parameters(), *backbone.buffers())  # anyway, whatever a window holds
    weights = {tensor.untyped_storage().data_ptr() for tensor in there}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    window = torch.ones(1, length, dtype=torch.int64, device=backbone.device)
    devices = [backbone.device] if backbone.device.type == "cuda" else []
    with torch.random.fork_rng(devices), torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        states = backbone(window)
    assert states.requires_grad  # noqa: S101 - it would have kept nothing
    return sum(kept.values())


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
