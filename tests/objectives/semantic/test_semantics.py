"""What training looks up must be of one run: anything else is refused, with what to do."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.ground.errors import TrainingError
from sracl_core.objectives.semantic.semantics import Semantics, load_semantics
from sracl_core.prefixes import PrefixTable
from sracl_core.ragged import Ragged
from sracl_core.schemas.prefixes import PREFIXES
from tests.training.small import inputs


def load(given: TrainingInputs) -> Semantics:
    train = Ragged.from_column(given.sequences["train"])
    prefixes = PrefixTable.from_table(given.prefixes, len(train))
    return load_semantics(train, prefixes, given.item_pool, given.user_pool, given.embeddings)


@pytest.mark.parametrize("wrong", ["user_pool", "embeddings"])
def test_tables_of_different_lengths_are_refused(wrong: str) -> None:
    given = inputs()
    with pytest.raises(TrainingError, match=r"prefixes\. Run `dvc repro`"):
        load(replace(given, **{wrong: getattr(given, wrong)[:-1]}))


def rows(*prefixes: tuple[int, int]) -> pa.Table:
    users, ends = zip(*prefixes, strict=True)
    return pa.table({"prefix": np.arange(len(users)), "user": users, "start": [0] * len(users), "end": ends}).cast(
        PREFIXES
    )


def of_two_users(*prefixes: tuple[int, int]) -> TrainingInputs:
    """Users of 3 and 2 training items."""
    sequences = pa.table({"train": pa.array([[1, 2, 3], [4, 5]], pa.list_(pa.int32()))})
    count = len(prefixes)
    return replace(
        inputs(),
        sequences=sequences,
        prefixes=rows(*prefixes),
        user_pool=np.zeros((count, 1), dtype=np.int64),
        embeddings=np.ones((count, 2), dtype=np.float32),
    )


def test_prefixes_are_named_by_the_position_of_their_last_item() -> None:
    found = load(of_two_users((0, 1), (0, 2), (1, 1)))
    assert found.position.tolist() == [0, 1, 3]
    assert found.prefix_at.tolist() == [0, 1, 1, 2, 2]


def test_a_user_without_a_prefix_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"user 1 has no prefix.*dvc repro profile_users"):
        load(of_two_users((0, 1), (0, 2)))


def test_a_prefix_without_a_target_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"prefix 1 has no target.*dvc repro profile_users"):
        load(of_two_users((0, 1), (0, 3), (1, 1)))
