"""The one place that chooses the device, the threads and the degree of determinism."""

import os

import torch

from sracl_core.ground.errors import ParamsError
from sracl_core.params.runtime import RuntimeParams


def pick_device(runtime: RuntimeParams) -> torch.device:
    """Return the device that `runtime.device` stands for, with threads and determinism set as asked.

    Of several processes on one machine (torchrun's LOCAL_RANK) each gets a GPU of its own. Raises ParamsError when a
    GPU is asked for and there is none for this process.
    """
    if runtime.threads is not None:
        torch.set_num_threads(runtime.threads)
    if runtime.device == "cuda" and not torch.cuda.is_available():
        raise ParamsError("runtime.device is cuda, but torch sees no GPU here. Set runtime.device to auto or cpu.")
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    device = torch.device("cpu" if runtime.device == "cpu" or not torch.cuda.is_available() else "cuda")
    if device.type == "cuda" and local_rank:
        if local_rank >= torch.cuda.device_count():
            raise ParamsError(
                f"runtime.processes is more than the {torch.cuda.device_count()} GPUs that torch sees here. Lower it."
            )
        torch.cuda.set_device(local_rank)  # "cuda" means this one from now on
    if device.type == "cpu" or runtime.deterministic:
        # Otherwise several threads sum the gradients of indexing in any order; cuBLAS also wants a fixed workspace.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        # What use_deterministic_algorithms does, without an import of torch's compiler, which takes two seconds.
        torch.set_deterministic_debug_mode("error")
        # Fresh memory would be filled with NaN first, to show whoever reads it unwritten; here nobody does.
        setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)  # noqa: B010 - its stub lacks it
    return device
