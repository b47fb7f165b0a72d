"""OpenVINO runs the same model: the same vectors as sentence-transformers, any lengths, and one line where it can't."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sracl_core.embed.encoders.sentence_transformers import minilm_folder
from sracl_core.embed.vectors import embed_texts, load_encoder
from sracl_core.ground.errors import ModelError
from tests.embed.test_sentence_transformers import TEXTS


def vectors_of(engine: str, precision: str = "float32", model: str = "minilm", batch: int = 2) -> np.ndarray:
    return embed_texts(TEXTS, load_encoder(engine, model, 128, "cpu", precision), batch)


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    return vectors_of("sentence_transformers")


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.einsum("nd,nd->n", one, other, dtype=np.float64)


def test_float32_vectors_are_those_of_sentence_transformers(plain: np.ndarray) -> None:
    encoder = load_encoder("openvino", "minilm", 128, "cpu")
    for batch in (2, len(TEXTS)):  # padding changes nothing
        found = embed_texts(TEXTS, encoder, batch)
        assert found.dtype == np.float32
        assert cosines(found, plain).min() > 0.99999


def test_bfloat16_is_near_and_makes_the_same_bits_twice(plain: np.ndarray) -> None:
    found = vectors_of("openvino", "bfloat16")
    assert cosines(found, plain).min() > 0.999  # what the certificate asks for
    assert np.array_equal(found, vectors_of("openvino", "bfloat16"))


def test_sentence_transformers_computes_in_bfloat16_too(plain: np.ndarray) -> None:
    found = vectors_of("sentence_transformers", "bfloat16")
    assert found.dtype == np.float32
    assert 0.999 < cosines(found, plain).min() < 0.999999


def test_a_folder_that_pools_by_its_first_token(tmp_path: Path, plain: np.ndarray) -> None:
    folder = tmp_path / "model"
    shutil.copytree(minilm_folder(), folder)
    config = folder / "1_Pooling/config.json"
    pooling = json.loads(config.read_text())
    config.write_text(json.dumps({**pooling, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}))
    found = vectors_of("openvino", model=str(folder))
    assert cosines(found, vectors_of("sentence_transformers", model=str(folder))).min() > 0.99999
    assert cosines(found, plain).max() < 0.99


def test_max_tokens_cuts_a_text() -> None:
    encoder = load_encoder("openvino", "minilm", 16, "cpu")
    assert encoder.token_counts(TEXTS).max() == 16
    short, long = embed_texts(["a stapler " * 30, "a stapler " * 60], encoder, 2)
    np.testing.assert_allclose(short, long, atol=1e-6)


def test_a_model_that_is_not_there_says_how_to_get_one() -> None:
    with pytest.raises(ModelError, match=r"embed\.model 'no/such-model' could not be loaded.*minilm comes by pip"):
        load_encoder("openvino", "no/such-model", 128, "cpu")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sracl_core.embed.encoders.openvino.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"openvino is not installed.*`pip install '\.\[openvino\]'`"):
        load_encoder("openvino", "minilm", 128, "cpu")


def test_a_conversion_that_makes_other_vectors_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sracl_core.embed.encoders.openvino.SAME_COSINE", 1.1)
    with pytest.raises(ModelError, match=r"makes other vectors than sentence-transformers does.*embed\.engine"):
        load_encoder("openvino", "minilm", 128, "cpu")
