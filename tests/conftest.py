"""What all tests share."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.pipeline.project import Project

# `from tests.pipeline import …` works however pytest is started.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# Tests never reach for a model hub; libraries read this when they are imported.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="module", autouse=True)
def _same_environment() -> Iterator[None]:
    """What a library sets for its own children (vLLM: LD_PRELOAD) is not handed to the processes of the next file."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """An empty folder for raw files."""
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random chat model."""
    from tests.tiny_model import make_tiny_model

    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def finished_project(tmp_path_factory: pytest.TempPathFactory) -> "Project":
    """The project with small parameters after its first full `dvc repro`, committed. Work in a copy of it."""
    from tests.pipeline.project import every_stage, small_project

    project = small_project(tmp_path_factory.mktemp("finished") / "project")
    assert project.repro() == every_stage()
    project.commit("first run")
    return project
