"""Who is evaluated on what, and who is left out."""

import pyarrow as pa

from sracl_core.evaluation.ranking.cases import evaluation_cases
from sracl_core.schemas.ingest import SEQUENCES

ROWS = [
    {"user": 0, "train": [1, 2, 3], "valid": [4], "test": [5]},
    {"user": 1, "train": [6, 7], "valid": [], "test": []},
    {"user": 2, "train": [], "valid": [8, 9], "test": [1, 2]},
    {"user": 3, "train": [2], "valid": [], "test": [3, 1]},
    {"user": 4, "train": [], "valid": [], "test": [6]},
]


def table(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SEQUENCES)


def test_validation_knows_the_training_part_only() -> None:
    cases = evaluation_cases(table(ROWS), "valid")
    assert cases.users.tolist() == [0] and cases.targets.tolist() == [4]
    assert [row.tolist() for row in cases.histories] == [[1, 2, 3]]
    assert (cases.without_target, cases.without_history) == (3, 1)  # users 1, 3, 4 and user 2


def test_the_test_knows_training_and_validation() -> None:
    cases = evaluation_cases(table(ROWS), "test")
    assert cases.users.tolist() == [0, 2, 3] and cases.targets.tolist() == [5, 1, 3]
    assert [row.tolist() for row in cases.histories] == [[1, 2, 3, 4], [8, 9], [2]]
    assert (cases.without_target, cases.without_history) == (1, 1)  # user 1 and user 4


def test_everyone_is_accounted_for() -> None:
    for rows in (ROWS, [], ROWS[1:2]):
        for split in ("valid", "test"):
            cases = evaluation_cases(table(rows), split)  # type: ignore[arg-type]
            assert len(cases) + cases.without_target + cases.without_history == len(rows)
            assert len(cases.histories) == len(cases.targets) == len(cases)
