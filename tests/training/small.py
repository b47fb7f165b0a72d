"""A small world to train in: random sequences, pools and embeddings."""

import numpy as np
import pyarrow as pa

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.model.backbones.gru4rec import GRU4RecParams
from sracl_core.model.backbones.sasrec import SASRecParams
from sracl_core.objectives.shared.negatives import NegativesParams
from sracl_core.objectives.sracl import InterParams, IntraParams, SRACLParams
from sracl_core.params.backbone import BACKBONE
from sracl_core.params.train import OBJECTIVE, EarlyStopParams, TrainParams
from sracl_core.schemas.ingest import SEQUENCES
from sracl_core.schemas.prefixes import PREFIXES

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
    negatives: NegativesParams | None = None,
    **changes: object,
) -> TrainParams:
    sizes: dict[str, object] = {
        "hidden": 8,
        "layers": 2,
        "dropout": dropout,
        "max_length": max_length,
        "initialisation": initialisation,
    }
    sasrec = SASRecParams.model_validate(
        {**sizes, "heads": 2, "feed_forward": 16, "positions": positions, "arrangement": arrangement}
    )
    inter = {"similarity": "cosine", "temperature": 0.5, "dropout": dropout, "candidates": candidates}
    sracl = SRACLParams(
        alpha=alpha,
        beta=beta,
        inter=InterParams.model_validate(inter),
        intra=IntraParams(similarity="dot", temperature=1.0, substitution_rate=0.4),
        negatives=negatives or NegativesParams(),
    )
    settings: dict[str, object] = {
        "backbones": BACKBONE.shipped(sasrec=sasrec, gru4rec=GRU4RecParams.model_validate(sizes)),
        "objectives": OBJECTIVE.shipped(sracl=sracl),
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
