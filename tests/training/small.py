"""A small world to train in: random sequences, pools and embeddings."""

import numpy as np
import pyarrow as pa

from sracl_core.params.train import EarlyStopParams, InterParams, IntraParams, ModelParams, TrainParams
from sracl_core.schemas.ingest import SEQUENCES
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.training.fit import TrainingInputs

K = 3
DIMENSION = 6


def params(
    alpha: float = 0.5,
    beta: float = 0.25,
    dropout: float = 0.0,
    max_length: int = 6,
    candidates: str = "gradient",
    *,
    positions: str = "relative",
    initialisation: str = "xavier",
    arrangement: str = "original",
    **changes: object,
) -> TrainParams:
    settings: dict[str, object] = {
        "alpha": alpha,
        "beta": beta,
        "model": ModelParams(
            hidden=8,
            layers=2,
            heads=2,
            feed_forward=16,
            dropout=dropout,
            max_length=max_length,
            positions=positions,
            initialisation=initialisation,
            arrangement=arrangement,
        ),
        "inter": InterParams(
            similarity="cosine", temperature=0.5, synthesizer="learnable", dropout=dropout, candidates=candidates
        ),
        "intra": IntraParams(similarity="dot", temperature=1.0, substitution_rate=0.4),
        "batch_size": 8,
        "max_epochs": 3,
        "early_stop": EarlyStopParams(metric="ndcg@5", patience=5),
        "seed": 1,
    }
    return TrainParams.model_validate(settings | changes)


def inputs(
    seed: int = 0, users: int = 20, n_items: int = 15, longest: int = 12, every: int | None = 1
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
    )
