"""What the tests of profiles share: a tiny language model, made once."""

from pathlib import Path

import pytest

from tests.profile.tiny_model import make_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random chat model."""
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
