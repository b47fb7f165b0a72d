"""FMLP-Rec is the function its equations say: a filter is a circular convolution over the padded window."""

import math

import pytest
import torch
from torch import Tensor

from sracl_core.model.backbones.fmlprec import FilterLayer, FMLPRec
from tests.model.backbones.plain import assert_is, fed_forward, in_double, normed, vectors_of

ITEMS = [3, 7, 2, 9]


def tiny(max_length: int) -> FMLPRec:
    backbone = in_double("fmlprec", max_length=max_length)
    assert isinstance(backbone, FMLPRec)
    return backbone


def filtered(x: Tensor, layer: FilterLayer) -> Tensor:
    """Each feature by itself: the sums of the transform there and back, frequency by frequency."""
    length = len(x)
    places = torch.arange(length, dtype=x.dtype)
    result = torch.zeros_like(x)
    for frequency in range(length // 2 + 1):
        angle = 2 * math.pi * frequency * places / length
        cosine, sine = angle.cos()[:, None], angle.sin()[:, None]
        real, imaginary = (x * cosine).sum(0), -(x * sine).sum(0)
        a, b = layer.filter[frequency].unbind(1)
        real, imaginary = real * a - imaginary * b, real * b + imaginary * a
        both = 1 if frequency in (0, length / 2) else 2  # a frequency stands for its mirror image too
        result = result + both * (real * cosine - imaginary * sine) / length
    return result


def plain(backbone: FMLPRec, items: list[int]) -> Tensor:
    """The states of a window, padded on the left to all places there are."""
    length = backbone.params.max_length
    padded = [0] * (length - len(items)) + items
    x = normed(vectors_of(backbone, padded) + backbone.position_embedding.weight, backbone.input_norm, 1e-12)
    for layer in backbone.layers:
        x = fed_forward(normed(x + filtered(x, layer), layer.filter_norm, 1e-12), layer)
    return x[length - len(items) :]


@pytest.mark.parametrize("max_length", [2, 7, 12])
@pytest.mark.parametrize("items", [[3], [3, 7], [3, 0, 2, 9], [3, 7, 2, 9, 4, 4, 1]])
def test_equals_the_equations_written_out(items: list[int], max_length: int) -> None:
    backbone = tiny(max_length)
    assert_is(backbone, lambda window: plain(backbone, window), items[-max_length:])


def test_a_window_is_encoded_as_alone_however_long_the_others_are() -> None:
    backbone = tiny(12)
    others = ([[5]], [list(range(1, 13))], [[5], [1, 2, 3], list(range(1, 10))])
    expected = plain(backbone, ITEMS)
    for beside in others:
        windows = [*beside, ITEMS, *beside]
        lengths = torch.tensor([len(window) for window in windows])
        states = backbone.encode(torch.tensor([item for window in windows for item in window]), lengths)
        torch.testing.assert_close(states.split(lengths.tolist())[len(beside)], expected)
        padded = torch.zeros(len(windows), 12, dtype=torch.int64)
        for row, window in zip(padded, windows, strict=True):
            row[: len(window)] = torch.tensor(window)
        torch.testing.assert_close(backbone(padded)[len(beside), : len(ITEMS)], expected)


def test_weights_are_real_numbers() -> None:
    """Optimizers, checkpoints and safetensors are for these."""
    assert {weight.dtype for weight in tiny(12).float().parameters()} == {torch.float32}
