"""The one place that chooses the device, the threads and the degree of determinism."""

import os

import torch

from sracl_core.errors import ParamsError
from sracl_core.params.runtime import RuntimeParams


def pick_device(runtime: RuntimeParams) -> torch.device:
    """Return the device that `runtime.device` stands for, with threads and determinism set as asked.

    Raises ParamsError when a GPU is asked for and there is none.
    """
    if runtime.threads is not None:
        torch.set_num_threads(runtime.threads)
    if runtime.device == "cuda" and not torch.cuda.is_available():
        raise ParamsError("runtime.device is cuda, but torch sees no GPU here. Set runtime.device to auto or cpu.")
    device = torch.device("cpu" if runtime.device == "cpu" or not torch.cuda.is_available() else "cuda")
    if device.type == "cpu" or runtime.deterministic:
        # Otherwise several threads sum the gradients of indexing in any order; cuBLAS also wants a fixed workspace.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
    return device
