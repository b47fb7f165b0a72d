"""What every result says of where it was measured."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS_FOLDER = Path(__file__).resolve().parent / "results"


def machine(gpu: str | None = None) -> dict[str, Any]:
    """Return the processor, its cores, and the GPU where one was used."""
    return {"cpu": cpu_model(), "cores": os.cpu_count()} | ({"gpu": gpu} if gpu else {})


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of `packages`."""
    return {"python": platform.python_version(), **{package: version(package) for package in packages}}


def cpu_model() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
