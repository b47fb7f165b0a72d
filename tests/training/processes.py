"""Training in processes of their own: killed wherever they are, or several together."""

import json
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch._dynamo  # Adam imports it in its first step, which takes longer than all the training here
from safetensors.torch import save_file

from sracl_core.batching.group import open_group
from sracl_core.training.durability import checkpoints as module
from sracl_core.training.durability.checkpoints import open_checkpoints
from sracl_core.training.epoch import Epoch
from sracl_core.training.fit import fit
from sracl_core.training.state import TrainingState
from tests.training.small import inputs, params

# One clean server imports torch once; every child is a fork of it.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.training.processes"])


def start(folder: Path, chosen: dict[str, Any], seconds: float, kill: tuple[str, int] | None = None) -> Any:
    """Start `trained` in a child process, and return the process."""
    process = CONTEXT.Process(target=trained, args=(folder, chosen, seconds, kill))
    process.start()
    return process


def start_together(target: Callable[..., None], size: int, *args: Any) -> list[Any]:
    """Start `target(*args)` in `size` processes that form a group."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [CONTEXT.Process(target=in_group, args=(rank, size, port, target, args)) for rank in range(size)]
    for process in processes:
        process.start()
    return processes


def in_group(rank: int, size: int, port: int, target: Callable[..., None], args: tuple) -> None:
    """Run `target` as one process of a group, as torchrun would start it."""
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(size), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    target(*args)


def trained(folder: Path, chosen: dict[str, Any], seconds: float, kill: tuple[str, int] | None = None) -> None:
    """Train in the small world; write what came of it to `folder`, and checkpoints below it.

    `kill` names a moment and how often it passes before the process kills itself there.
    """
    torch.set_num_threads(1)
    if kill is not None:
        MOMENTS[kill[0]](kill[1])
    epochs: list[Epoch] = []
    device = torch.device("cpu")
    with (
        open_group(device) as group,
        open_checkpoints(folder / "checkpoints", seconds, writes=group.leads) as held,
    ):
        (folder / "started").touch()
        found = fit(
            inputs(longest=14, every=2),
            params(**chosen),
            device,
            tile_bytes=2**20,
            on_epoch=epochs.append,
            checkpoints=held,
            group=group,
        )
        weights = {f"best/{name}": weight for name, weight in found.model.state.items()}
        weights |= {f"last/{name}": weight for name, weight in found.backbone.state_dict().items()}
        save_file(weights, folder / f"weights{group.rank}.safetensors")
        (folder / f"epochs{group.rank}.json").write_text(json.dumps([asdict(epoch) for epoch in epochs]))


def outcome(folder: Path, rank: int = 0) -> tuple[bytes, bytes]:
    """What a finished training wrote."""
    return (folder / f"weights{rank}.safetensors").read_bytes(), (folder / f"epochs{rank}.json").read_bytes()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_in(owner: object, name: str, before: Callable[..., None] | None = None) -> Callable[[int], None]:
    """Let the n-th call of `owner.name` be the last thing the process does: after `before`, or after the call."""

    def prepare(calls: int) -> None:
        original, left = getattr(owner, name), [calls]

        def deadly(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and before is not None:
                before(*args, **named)
                _die()
            result = original(*args, **named)
            if left[0] == 0:
                _die()
            return result

        setattr(owner, name, deadly)

    return prepare


def _write_half(tensors: dict, path: Path, metadata: dict) -> None:
    save_file(tensors, path, metadata=metadata)
    os.truncate(path, path.stat().st_size // 2)


MOMENTS: dict[str, Callable[[int], None]] = {
    "after a step": _die_in(TrainingState, "add_losses"),
    "after validation": _die_in(TrainingState, "finish_epoch"),
    "in the middle of a checkpoint": _die_in(module, "save_file", _write_half),
    "before a checkpoint gets its name": _die_in(os, "fsync"),
    "before the older checkpoint goes": _die_in(Path, "unlink", lambda *args, **named: None),
}
