"""Who is evaluated on what: a history, and the item that really came next."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from sracl_core.ragged import Ragged

Split = Literal["test", "valid"]
SPLITS: tuple[Split, ...] = ("test", "valid")


@dataclass(frozen=True)
class EvaluationCases:
    """The M users of one split who can be evaluated, and how many cannot.

    `users` int64 [M] ascending, `histories` M rows of item ids in time order, `targets` int64 [M].
    """

    split: Split
    users: np.ndarray
    histories: Ragged
    targets: np.ndarray
    without_target: int
    without_history: int

    def __len__(self) -> int:
        return len(self.users)


def evaluation_cases(sequences: pa.Table, split: Split) -> EvaluationCases:
    """Return the cases of one split of a sequences table.

    The history is what comes before the part: training for validation, training and validation for the test. The
    target is the part's first item. Users whose part is empty have no target; users with a target but nothing before
    it have no history. Both are left out and counted.
    """
    history, part = Ragged.from_column(sequences["train"]), Ragged.from_column(sequences[split])
    if split == "test":
        history = history.join(Ragged.from_column(sequences["valid"]))
    has_target, has_history = part.lengths > 0, history.lengths > 0
    kept = has_target & has_history
    return EvaluationCases(
        split=split,
        users=sequences["user"].to_numpy()[kept].astype(np.int64),
        histories=_rows(history, kept),
        targets=part.values[part.offsets[:-1][kept]].astype(np.int64),
        without_target=int((~has_target).sum()),
        without_history=int((has_target & ~has_history).sum()),
    )


def _rows(ragged: Ragged, kept: np.ndarray) -> Ragged:
    """The rows of `ragged` where `kept` (bool [rows]) holds."""
    offsets = np.concatenate([[0], np.cumsum(ragged.lengths[kept])])
    return Ragged(ragged.values[np.repeat(kept, ragged.lengths)], offsets)
