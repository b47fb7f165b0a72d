"""A small world to try parts in: random sequences, pools and embeddings."""

from typing import Any

import numpy as np
import pyarrow as pa

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.ground.errors import ParamsError
from sracl_core.ground.plugins import is_import_path
from sracl_core.params.backbone import BACKBONE
from sracl_core.params.reading.groups import Kind
from sracl_core.params.reading.section import typed_section
from sracl_core.params.train import OBJECTIVE, TrainParams
from sracl_core.schemas.ingest import SEQUENCES
from sracl_core.schemas.prefixes import PREFIXES

USERS, N_ITEMS, LONGEST, K, DIMENSION = 20, 15, 12, 3, 6
MAX_LENGTH = 6  # shorter than some sequences
GROUP = "mine"


def small_inputs() -> TrainingInputs:
    """Return the data of a training: 20 users with 1 … 12 training items out of 15."""
    random = np.random.default_rng(0)
    lengths = [LONGEST, *random.integers(1, LONGEST + 1, size=USERS - 1)]
    train = [random.integers(1, N_ITEMS + 1, size=length).tolist() for length in lengths]
    held_out = [[int(item)] for item in random.integers(1, N_ITEMS + 1, size=USERS)]
    rows = [(user, end) for user, items in enumerate(train) for end in range(1, len(items))]
    sequences = {"user": np.arange(USERS), "train": train, "valid": held_out, "test": held_out}
    users, ends = zip(*rows, strict=True)
    prefixes = {"prefix": np.arange(len(rows)), "user": users, "start": [0] * len(rows), "end": ends}
    return TrainingInputs(
        sequences=pa.table(sequences).cast(SEQUENCES),
        n_items=N_ITEMS,
        prefixes=pa.table(prefixes).cast(PREFIXES),
        item_pool=np.stack([1 + random.permutation(N_ITEMS)[:K] for _ in range(N_ITEMS)]),
        user_pool=np.stack([random.choice(len(rows), K, replace=False) for _ in rows]),
        embeddings=random.normal(size=(len(rows), DIMENSION)).astype(np.float32),
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


def _chosen(kind: Kind, part: str, changed: dict[str, Any]) -> dict[str, Any]:
    """What the section says to choose `part`, in a group of its own."""
    found: Any = kind.load(part)
    written = {**found.Params().model_dump(), **changed}
    groups = kind.shipped().model_dump()
    name = GROUP if is_import_path(part) else part
    groups[name] = {"part": part, **written} if is_import_path(part) else written
    return {kind.chosen_by: name, kind.groups: groups}
