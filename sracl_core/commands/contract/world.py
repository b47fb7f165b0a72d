"""A small world to try parts in: random sequences, pools, embeddings and text vectors."""

from typing import Any

import numpy as np
import pyarrow as pa

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.batching.samples import MODES
from sracl_core.ground.errors import ParamsError
from sracl_core.ground.plugins import is_import_path
from sracl_core.model.backbone import backbone_class
from sracl_core.params.backbone import BACKBONE
from sracl_core.params.reading.groups import Kind
from sracl_core.params.reading.section import typed_section
from sracl_core.params.train import OBJECTIVE, TrainParams
from sracl_core.schemas.ingest import SEQUENCES
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.unit_vectors import random_units

N_ITEMS, K, DIMENSION = 15, 3, 6
MAX_LENGTH = 6  # shorter than some sequences
GROUP = "mine"


def small_inputs(
    seed: int = 0, users: int = 20, n_items: int = N_ITEMS, longest: int = 12, every: int | None = 1
) -> TrainingInputs:
    """Users with 1 … `longest` (at least 2) training items; the first user has that many.

    Of a user's prefixes with a target the first and each `every`-th after it are rows of the prefix table; with None
    the longest alone.
    """
    random = np.random.default_rng(seed)
    lengths = [longest, *random.integers(1, longest + 1, size=users - 1)]
    train = [random.integers(1, n_items + 1, size=length).tolist() for length in lengths]
    held_out = [[int(item)] for item in random.integers(1, n_items + 1, size=users)]
    sequences = pa.table({"user": np.arange(users), "train": train, "valid": held_out, "test": held_out}).cast(
        SEQUENCES
    )
    rows = [
        (user, end)
        for user, items in enumerate(train)
        for end in (range(1, len(items), every) if every else [len(items) - 1])
        if end
    ]
    prefixes = pa.table(
        {
            "prefix": np.arange(len(rows)),
            "user": [user for user, _ in rows],
            "start": [0] * len(rows),
            "end": [end for _, end in rows],
        }
    ).cast(PREFIXES)
    embeddings = random.normal(size=(len(rows), DIMENSION)).astype(np.float32)
    return TrainingInputs(
        sequences=sequences,
        n_items=n_items,
        prefixes=prefixes,
        item_pool=np.stack([1 + random.permutation(n_items)[:K] for _ in range(n_items)]),
        user_pool=np.stack([random.choice(len(rows), K, replace=len(rows) < K) for _ in rows]),
        embeddings=embeddings,
        text_vectors=random_units(n_items, DIMENSION, seed, "item"),
    )


def small_params(backbone: str, objective: str, mode: str) -> TrainParams:
    """Return the parameters of a small training of two parts, each by its name or import path, as they are shipped.

    Raises ParamsError where they can't be chosen so.
    """
    section: dict[str, Any] = {"mode": mode, "batch_size": 7, "max_epochs": 2, "seed": 1}
    section |= _chosen(BACKBONE, backbone, {"max_length": MAX_LENGTH}) | _chosen(OBJECTIVE, objective, {})
    typed, problems = typed_section(TrainParams, {TrainParams.key: section})
    if problems:
        raise ParamsError("\n".join(problems))
    return typed.model_validate(section)


def modes_of(backbone: str) -> list[str]:
    """Return the modes in which a backbone, as it is shipped, can be trained."""
    read_off = not backbone_class(backbone).Params().only_prefixes()
    return [mode for mode in MODES if mode == "prefix" or read_off]


def _chosen(kind: Kind, part: str, changed: dict[str, Any]) -> dict[str, Any]:
    """What the section says to choose `part`, in a group of its own."""
    found: Any = kind.load(part)
    written = {**found.Params.shipped().model_dump(), **changed}
    groups = kind.shipped().model_dump()
    name = GROUP if is_import_path(part) else part
    groups[name] = {"part": part, **written} if is_import_path(part) else written
    return {kind.chosen_by: name, kind.groups: groups}
