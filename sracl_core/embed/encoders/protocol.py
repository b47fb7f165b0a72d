"""What a text encoder is."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class Encoder(Protocol):
    """A frozen sentence encoder of `dimension` D."""

    dimension: int

    def token_counts(self, texts: Sequence[str]) -> np.ndarray:
        """Return how many tokens of each text the encoder sees, int64 [n]; like lengths are encoded together."""
        ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one vector a text, float32 [n, D], of any norm; the texts are one batch."""
        ...


class EncoderFactory(Protocol):
    """What a module's PLUGIN is: makes the encoder."""

    def __call__(self, model: str, max_tokens: int, device: str, precision: str) -> Encoder:
        """Return the encoder `model`, which sees `max_tokens` of a text and computes in `precision`.

        `precision` is float32 or bfloat16. Raises ModelError when the encoder cannot be had.
        """
        ...
