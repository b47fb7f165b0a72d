"""What `precision` of an encoder stands for on a device."""

import pytest
import torch

from sracl_core.embed.precision import chosen_precision


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_named_precision_is_taken_everywhere(precision: str) -> None:
    assert chosen_precision(precision, "cpu") == chosen_precision(precision, "cuda") == precision


@pytest.mark.parametrize(
    ("found", "expected"),
    [({"amx_bf16": True}, "bfloat16"), ({"avx512_bf16": True, "amx_bf16": False}, "bfloat16"), ({}, "float32")],
)
def test_auto_asks_the_processor(monkeypatch: pytest.MonkeyPatch, found: dict[str, bool], expected: str) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    assert chosen_precision("auto", "cpu") == expected


def test_auto_is_float32_where_torch_does_not_know_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert chosen_precision("auto", "cpu") == "float32"


def test_auto_asks_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    for native, expected in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, native=native: native)
        assert chosen_precision("auto", "cuda") == expected
