"""A tiny encoder from outside the project: a text is the sum of its words, each a vector drawn by the word's hash."""

import hashlib
from collections.abc import Sequence

import numpy as np

from sracl_core.params.reading.groups import PartParams

DIMENSION = 16


class HashedWordsParams(PartParams):
    salt: int = 0


class HashedWords:
    """Needs no weights, and gives any two texts of other words other vectors."""

    Params = HashedWordsParams
    name = "hashed words"
    dimension = DIMENSION

    def __init__(self, params: HashedWordsParams | None = None, device: str = "cpu") -> None:
        self._salt = params.salt if params else 0

    def token_counts(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([len(text.split()) for text in texts], dtype=np.int64)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([sum(map(self._vector, text.split()), start=np.zeros(DIMENSION)) for text in texts]).astype(
            np.float32
        )

    def _vector(self, word: str) -> np.ndarray:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "little") + self._salt
        return np.random.default_rng(seed).normal(size=DIMENSION)
