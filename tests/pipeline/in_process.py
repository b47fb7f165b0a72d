"""The stages in this process, on a small world in a folder of its own: quicker than `dvc repro`."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import product
from pathlib import Path

import pytest
import torch

from dag.stages import Stage, stages
from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import write_table
from tests.leakage.world import K, clean_world
from tests.pipeline.project import Project

ROOT = Path(__file__).resolve().parents[2]
INGESTED = ("interactions", "items", "users", "sequences")
STAGES = [stage for stage in stages() if stage.reads]  # in their order, without those that read no artifact
RUNS = [(stage, arguments) for stage in STAGES for arguments in product(*stage.arguments.values())]
SMALL = {
    "embed": {"engine": "hashed", "engines": {"hashed": {"part": "tests.hashed_words:HashedWords", "salt": 0}}},
    "mine": {"k": K},
    "train": {
        "max_epochs": 1,
        "backbones": {"sasrec": {"hidden": 8, "heads": 1, "layers": 1, "feed_forward": 8, "max_length": 6}},
    },
    "evaluate": {"cutoffs": [10, 20]},
    "runtime": {"device": "cpu", "threads": 1},
}


def run(stage: Stage, arguments: tuple[str, ...]) -> None:
    import_module(stage.module).main(*arguments)


def paths(stage: Stage, arguments: tuple[str, ...], which: tuple[str, ...]) -> list[Path]:
    named = dict(zip(stage.arguments, arguments, strict=True))
    return [Path(path.format(**named)) for path in which]


def contents(outputs: list[Path]) -> dict[Path, bytes]:
    """The bytes of every file that is one of `outputs`, or lies below one."""
    found = [file for path in outputs for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    return {file: file.read_bytes() for file in found if file.is_file()}


@contextmanager
def ingested(folder: Path, changes: dict) -> Iterator[None]:
    """Work in `folder`, where ingest has run, with the parameters SMALL and `changes`."""
    mode, threads = torch.get_deterministic_debug_mode(), torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DVC_ROOT", str(folder))
        patch.setenv("DVC_NO_ANALYTICS", "1")
        (folder / "data/raw/sample").mkdir(parents=True)  # which must be there
        (folder / "params.yaml").write_text((ROOT / "params.yaml").read_text())
        Project(folder).set(SMALL | changes)
        world = clean_world()
        for name in INGESTED:
            path, origin = folder / f"data/interim/{name}.parquet", Provenance("ingest", "", "")
            write_table(path, world[name], world[name].schema, origin)
        yield
    torch.set_deterministic_debug_mode(mode)
    torch.set_num_threads(threads)
