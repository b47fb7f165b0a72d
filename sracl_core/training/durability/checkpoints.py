"""Checkpoints on disk: a killed training goes on where it was.

A checkpoint is one safetensors file: tensors, and all that is no tensor as JSON in its header. It is written under
another name and renamed, and its name carries the SHA-256 of its bytes, so that a half-written or damaged one is never
taken for a whole one. A newer checkpoint takes the place of the older.
"""

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from sracl_core.ground.full_disk import how_full, means_full, remedy
from sracl_core.progress import tell

FORMAT = "3"  # of what a checkpoint holds: raise it when a field is added, renamed or means something else
SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Snapshot:
    """A state of training: `tensors` by name, on the CPU when read, and a `record` of plain JSON values."""

    tensors: dict[str, Tensor]
    record: dict[str, Any]


class Checkpoints:
    """The checkpoints of one training in `folder`; open them with `open_checkpoints`.

    `seconds` is the time after which one is due inside an epoch. Without `writes` they are read alone: another process
    of the same training writes them.
    """

    def __init__(self, folder: Path, seconds: float, *, writes: bool = True) -> None:
        self.folder, self.seconds, self.writes = folder, seconds, writes
        self._written = time.monotonic()
        self._told: set[str] = set()  # why one could not be written

    def due(self) -> bool:
        """Whether the last one, or the opening, is `seconds` ago."""
        return self.writes and time.monotonic() - self._written >= self.seconds

    def newest(self) -> Path | None:
        """Return the path of the newest checkpoint; None where there is none."""
        return next(reversed(self._files()), None)

    def write(self, snapshot: Snapshot) -> None:
        """Write a checkpoint and remove the older one.

        A disk that refuses is told of, each cause once, and no reason to end the training.
        """
        if not self.writes:
            return
        self._written = time.monotonic()
        older = self._files()
        number = int(older[-1].name.partition("-")[0]) + 1 if older else 1
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in snapshot.tensors.items()}
        header = {"format": FORMAT, "record": json.dumps(snapshot.record, allow_nan=False)}
        half = self.folder / "half-written"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            save_file(tensors, half, metadata=header)
            with half.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            half.rename(self.folder / f"{number:08d}-{digest}{SUFFIX}")
            for path in older:
                path.unlink()
        except (OSError, SafetensorError) as error:
            with suppress(OSError):
                half.unlink(missing_ok=True)
            self._tell(_cause(self.folder, error))

    def read(self) -> Snapshot | None:
        """Return the newest whole checkpoint; None where there is none. Damaged ones are told of."""
        for path in reversed(self._files()):
            try:
                return _read(path)
            except (OSError, SafetensorError, ValueError, KeyError) as error:
                tell(f"The checkpoint {path} is damaged ({error}) and is not used.")
        return None

    def clear(self) -> None:
        """Remove all of them: what they were kept for is done."""
        if self.writes:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _tell(self, cause: str) -> None:
        """Say once why no checkpoint can be written."""
        kind = cause.partition("(")[0]
        if kind not in self._told:
            self._told.add(kind)
            tell(
                f"warning: no checkpoint can be written to {self.folder}: {cause} Training goes on without, and tries "
                "again when the next one is due; this is not said again."
            )

    def _files(self) -> list[Path]:
        """The checkpoints, oldest first."""
        return sorted(self.folder.glob(f"[0-9]*{SUFFIX}"))


@contextmanager
def open_checkpoints(folder: Path, seconds: float, *, writes: bool = True) -> Iterator[Checkpoints | None]:
    """Yield the checkpoints in `folder`, held against any other process; None where one holds them, or a disk is full.

    Two runs of the same training would take each other's checkpoints away. Without `writes` they are not held.
    """
    if not writes:
        yield Checkpoints(folder, seconds, writes=False)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a")
    except OSError as error:
        if not means_full(error):
            raise
        tell(f"warning: no checkpoint can be written to {folder}: {_cause(folder, error)} This training keeps none.")
        yield None
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"Another process trains the same and holds the checkpoints in {folder}; this one keeps none.")
            yield None
            return
        yield Checkpoints(folder, seconds)


def _cause(folder: Path, error: Exception) -> str:
    """Why nothing could be written to `folder`, and what helps."""
    if means_full(error):
        return f"{how_full(folder)}. {remedy(folder)}"
    why = error.strerror if isinstance(error, OSError) else str(error)
    return f"{why}. See to that folder."


def _read(path: Path) -> Snapshot:
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != path.stem.partition("-")[2]:
            raise ValueError("its bytes are not the ones that were written")
    with safe_open(path, "pt") as content:
        header, names = content.metadata(), content.keys()
        if header["format"] != FORMAT:
            raise ValueError(f"it has format {header['format']}, expected {FORMAT}")
        return Snapshot({name: content.get_tensor(name) for name in names}, json.loads(header["record"]))
