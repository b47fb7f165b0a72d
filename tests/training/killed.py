"""Training in a process of its own that can be killed, wherever it is."""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch._dynamo  # Adam imports it in its first step, which takes longer than all the training here
from safetensors.torch import save_file

from sracl_core.training import checkpoints as module
from sracl_core.training.checkpoints import open_checkpoints
from sracl_core.training.epoch import Epoch
from sracl_core.training.fit import fit
from sracl_core.training.state import TrainingState
from tests.training.small import inputs, params

# One clean server imports torch once; every child is a fork of it.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.training.killed"])


def start(folder: Path, chosen: dict[str, Any], seconds: float, kill: tuple[str, int] | None = None) -> Any:
    """Start `trained` in a child process, and return the process."""
    process = CONTEXT.Process(target=trained, args=(folder, chosen, seconds, kill))
    process.start()
    return process


def trained(folder: Path, chosen: dict[str, Any], seconds: float, kill: tuple[str, int] | None = None) -> None:
    """Train in the small world; write what came of it to `folder`, and checkpoints below it.

    `kill` names a moment and how often it passes before the process kills itself there.
    """
    torch.set_num_threads(1)
    if kill is not None:
        MOMENTS[kill[0]](kill[1])
    epochs: list[Epoch] = []
    with open_checkpoints(folder / "checkpoints", seconds) as held:
        (folder / "started").touch()
        found = fit(
            inputs(longest=14, every=2),
            params(**chosen),
            torch.device("cpu"),
            tile_bytes=2**20,
            on_epoch=epochs.append,
            checkpoints=held,
        )
        weights = {f"best/{name}": weight for name, weight in found.model.state.items()}
        weights |= {f"last/{name}": weight for name, weight in found.backbone.state_dict().items()}
        save_file(weights, folder / "weights.safetensors")
        (folder / "epochs.json").write_text(json.dumps([asdict(epoch) for epoch in epochs]))


def outcome(folder: Path) -> tuple[bytes, bytes]:
    """What a finished training wrote."""
    return (folder / "weights.safetensors").read_bytes(), (folder / "epochs.json").read_bytes()


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
