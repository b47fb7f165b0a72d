"""What decides the result of a training besides its inputs and parameters: the code, the libraries, the machine."""

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

import sracl_core
from sracl_core.artifacts.provenance import Provenance, source_digest
from sracl_core.training.durability.checkpoints import FORMAT

# Rooms and modules of `sracl_core` that training runs through; evaluation picks the best epoch.
CODE = (
    *("artifacts", "batching", "evaluation", "ground", "leakage", "model", "objectives", "params"),
    *("recommendation", "retrieval", "schemas", "training"),
    *("__init__.py", "device.py", "documents.py", "prefixes.py", "progress.py"),
    *("ragged.py", "sequences.py", "vectors.py"),
)
LIBRARIES = ("torch", "numpy", "pyarrow", "safetensors", "pydantic")


def code_files(package: Path = Path(sracl_core.__path__[0])) -> list[Path]:
    """Return the source files of `package`, the folder of `sracl_core`, that decide the result of a training."""
    places = [package / name for name in CODE]
    return [file for place in places for file in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]


def training_identity(origin: Provenance, device: str, processes: int, files: list[Path]) -> str:
    """Return a key that two trainings share only if they must end with the same bytes.

    `origin` covers parameters, inputs, and the code of a backbone from outside; `files` are the code of the project,
    `device` is a type of torch's, `processes` how many train together.
    """
    machine = [platform.python_version(), platform.machine(), device, str(processes)]
    libraries = [f"{name} {version(name)}" for name in LIBRARIES]
    digests = [origin.params_digest, origin.source_digest, origin.code_digest, source_digest(files)]
    return hashlib.sha256("\0".join([FORMAT, *digests, *machine, *libraries]).encode()).hexdigest()
