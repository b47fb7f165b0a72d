"""Texts to unit vectors: each distinct text once, nothing broken let through."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sracl_core import vectors as artifact_module
from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table
from sracl_core.embed.vectors import embed_texts, load_encoder
from sracl_core.ground.errors import ModelError
from sracl_core.vectors import embeddings_schema, write_vectors


class LetterEncoder:
    """Counts letters: a real encoder of 26 dimensions, plus one for the length."""

    dimension = 27

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def token_counts(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([len(text) for text in texts])

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.batches.append(list(texts))
        rows = [[text.count(chr(97 + letter)) for letter in range(26)] + [len(text)] for text in texts]
        return np.array(rows, dtype=np.float32)


class BrokenEncoder(LetterEncoder):
    """Spoils what the other returns."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        found = super().encode(texts)
        if self.how == "count":
            return found[1:]
        if self.how == "dimension":
            return found[:, 1:]
        found[-1] = {"nan": np.nan, "infinite": np.inf, "zero": 0.0}[self.how]
        return found


TEXTS = ["bb", "a", "abc", "bb", "dddd", "a", "bb"]


def test_vectors_are_unit_and_stand_at_their_text() -> None:
    vectors = embed_texts(TEXTS, LetterEncoder(), 2)
    plain = LetterEncoder().encode(TEXTS)
    np.testing.assert_allclose(vectors, plain / np.linalg.norm(plain, axis=1, keepdims=True), rtol=1e-6)
    assert vectors.dtype == np.float32


def test_each_distinct_text_is_encoded_once_the_longest_first_in_batches() -> None:
    encoder = LetterEncoder()
    embed_texts(TEXTS, encoder, 3)
    assert encoder.batches == [["dddd", "abc", "bb"], ["a"]]


def test_no_texts_are_no_vectors() -> None:
    assert embed_texts([], LetterEncoder(), 4).shape == (0, 27)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("count", r"shape \(1, 27\) for 2 texts, expected \(2, 27\)"),
        ("dimension", r"shape \(2, 26\)"),
        ("nan", "zero or not finite for 1 of 2"),
        ("infinite", "not finite for 1 of 2"),
        ("zero", "zero or not finite for 1 of 2"),
    ],
)
def test_what_an_encoder_breaks_is_said(how: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        embed_texts(TEXTS, BrokenEncoder(how), 2)


def test_the_file_holds_keys_and_vectors_in_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact_module, "ROWS_PER_GROUP", 3)
    vectors = embed_texts(TEXTS, LetterEncoder(), 2)
    keys = np.arange(len(TEXTS)) + 5
    for name in ("a", "b"):
        write_vectors(tmp_path / name, keys, vectors, Provenance("test", "0", "0"))
    table = read_table(tmp_path / "a", embeddings_schema(27))
    assert table["key"].to_pylist() == keys.tolist()
    np.testing.assert_array_equal(np.array(table["embedding"].to_pylist(), dtype=np.float32), vectors)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_unknown_encoder_is_named() -> None:
    with pytest.raises(ModelError, match=r"nowhere:Encoder"):
        load_encoder("nowhere:Encoder", None, "cpu")
