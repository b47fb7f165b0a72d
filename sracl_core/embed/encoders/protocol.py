"""What a text encoder is."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np


class Encoder(Protocol):
    """A frozen sentence encoder of `dimension` D; `name` is what people are told of it."""

    name: str
    dimension: int

    def token_counts(self, texts: Sequence[str]) -> np.ndarray:
        """Return how many tokens of each text the encoder sees, int64 [n]; like lengths are encoded together."""
        ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one vector a text, float32 [n, D], of any norm; the texts are one batch."""
        ...


class EncoderFactory(Protocol):
    """What a module's PLUGIN is: makes the encoder."""

    def __call__(self, params: Any, device: str) -> Encoder:
        """Return the encoder that `params` describe, on the torch device `device`.

        They are of its own class: that beside its name in `sracl_core/params/embed.py`, or, of an encoder from outside,
        the one that it declares as `Params`. Raises ModelError when the encoder cannot be had.
        """
        ...
