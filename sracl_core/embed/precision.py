"""The numbers that the encoder computes in."""

import torch

FLOAT32, BFLOAT16 = "float32", "bfloat16"
# Instructions of a processor for products of matrices of bfloat16.
FAST_PRODUCTS = ("amx_bf16", "avx512_bf16")


def chosen_precision(precision: str, device: str) -> str:
    """Return what `precision` of an encoder stands for on the torch device `device`: float32 or bfloat16.

    `auto` is bfloat16 where the processor or GPU has instructions for it, and so is about twice as fast.
    """
    if precision != "auto":
        return precision
    return BFLOAT16 if _computes_in_bfloat16(torch.device(device).type) else FLOAT32


def _computes_in_bfloat16(device_type: str) -> bool:
    if device_type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    found = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}  # torch 2.11 has none
    return any(found.get(name, False) for name in FAST_PRODUCTS)
