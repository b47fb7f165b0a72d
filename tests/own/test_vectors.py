"""Vectors that a team brings along: found by id, at length 1, every one accounted for, and gaps bounded."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.session import open_session
from sracl_core.ingest.staging.stage import REJECTED_TABLE
from sracl_core.own.vectors import Known, OwnVectors
from sracl_core.params.own import VectorColumns, VectorTableParams
from sracl_core.ragged import Ragged
from sracl_core.schemas.ingest import ITEMS, USERS
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.unit_vectors import random_units

TRAIN = Ragged.from_lists([[1, 2, 3], [3, 1]])
KNOWN = Known(
    pa.Table.from_pylist([{"item": n + 1, "item_id": one} for n, one in enumerate("abc")], schema=ITEMS),
    pa.table({"user": [0, 1], "user_id": ["u", "v"], "n_train": [3, 2]}, schema=USERS),
    pa.table({"prefix": [0, 1, 2], "user": [0, 0, 1], "start": [0, 0, 0], "end": [1, 2, 1]}, schema=PREFIXES),
    TRAIN,
)
ROWS = np.array([[3, 4, 0], [0, 0, 2], [1, 0, 0]], np.float32)
# The beginning of a .npy of Python objects, which would be a pickle.
OBJECTS = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
Run = Callable[..., tuple[np.ndarray, np.ndarray, list[str]]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def read(**table: Any) -> tuple[np.ndarray, np.ndarray, list[str]]:
        with open_session(tmp_path, memory_gb=1, threads=1) as session:
            session.run(REJECTED_TABLE)
            own = OwnVectors(session, RawFolder(tmp_path), VectorTableParams(**table), KNOWN)
            items = own.items()
            return items, own.users(items), own.told

    return read


def write(path: Path, ids: dict[str, list], vectors: list | np.ndarray) -> None:
    pq.write_table(pa.table({**ids, "vector": [None if row is None else list(row) for row in vectors]}), path)


@pytest.mark.parametrize("form", ["parquet", "npy", "npy.gz", "whole numbers"])
def test_items_have_their_vectors_at_length_1(run: Run, tmp_path: Path, form: str) -> None:
    order = [2, 0, 1]
    table = {"items": "v.parquet"}
    if form == "parquet":
        write(tmp_path / "v.parquet", {"item_id": ["c", "a", "b"]}, ROWS[order].astype(np.float64))
    else:
        np.save(tmp_path / "v.npy", ROWS[order].astype(np.int32 if form == "whole numbers" else np.float16))
        if form == "npy.gz":
            (tmp_path / "w.npy.gz").write_bytes(gzip.compress((tmp_path / "v.npy").read_bytes()))
        (tmp_path / "ids.csv").write_text("item_id,other\nc,1\na,2\nb,3\n")
        table = {"items": "w.npy.gz" if form == "npy.gz" else "v.npy", "item_ids": "ids.csv"}
    items, users, told = run(**table)
    assert items.dtype == np.float32 and np.allclose(items, [[0.6, 0.8, 0], [0, 0, 1], [1, 0, 0]])
    assert np.allclose(users[1], np.array([0.6, 0.8, 1]) / np.sqrt(2))  # the mean of a and b
    assert np.allclose(users[[0, 2]], items[[0, 2]])
    assert told[0].startswith("items: 3 vectors from ") and "mean of its items' vectors" in told[1]


def test_prefixes_have_the_vectors_of_their_ends_and_else_of_their_users(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "i.parquet", {"item_id": ["a", "b", "c"]}, ROWS)
    write(tmp_path / "u.parquet", {"user_id": ["u", "u", "v"], "end": [2, 1, 1]}, [[1, 0], [0, 1], [1, 1]])
    items, users, _ = run(items="i.parquet", users="u.parquet")
    assert items.shape == (3, 3) and np.allclose(users, [[0, 1], [1, 0], [0.5**0.5, 0.5**0.5]])
    write(tmp_path / "u.parquet", {"user_id": ["v", "u"]}, [[1, 0], [0, 1]])
    assert np.allclose(
        run(items="i.parquet", users="u.parquet", columns=VectorColumns(end=None))[1], [[0, 1], [0, 1], [1, 0]]
    )


@pytest.mark.parametrize("rows", [[[1, 0], [0, 1]], [[1, 0], [0, 1], None]])
def test_a_gap_within_the_bound_is_told_and_gets_a_random_direction(run: Run, tmp_path: Path, rows: list) -> None:
    """Whether the id is not there, or there without a vector."""
    write(tmp_path / "v.parquet", {"item_id": ["a", "b", "c"][: len(rows)]}, rows)
    items, _, told = run(items="v.parquet", max_missing=0.4, seed=3)
    assert np.array_equal(items[2], random_units(3, 2, 3, "item")[2])
    assert "1 of 3 items have no vector, and get a random direction" in told
    with pytest.raises(DataError, match=r"1 of 3 items have no vector in v\.parquet, above the share 0\.3 that"):
        run(items="v.parquet", max_missing=0.3)


def test_unknown_and_repeated_ids_are_counted(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "v.parquet", {"item_id": ["a", "b", "c", "a", "zzz"]}, [*ROWS, *ROWS[:2]])
    items, _, told = run(items="v.parquet")
    assert np.allclose(items[0], [0.6, 0.8, 0])
    assert "1 of items that the training part does not have ('zzz'); 1 of items that were there before" in told[0]


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
@pytest.mark.parametrize("form", ["parquet", "npy"])
def test_a_vector_without_a_direction_is_refused(run: Run, tmp_path: Path, value: float, form: str) -> None:
    wrong = ROWS.copy()
    wrong[1] = value
    write(tmp_path / "v.parquet", {"item_id": ["a", "b", "c"]}, wrong)
    np.save(tmp_path / "v.npy", wrong)
    table = {"items": "v.npy", "item_ids": "v.parquet"} if form == "npy" else {"items": "v.parquet"}
    with pytest.raises(DataError, match="1 of 3 vectors are zero or not finite, the first in row 2"):
        run(**table, max_missing=1)


def test_files_that_cannot_be_used_say_why(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "ragged.parquet", {"item_id": ["a", "b"]}, [[1, 0], [1, 0, 0]])
    write(tmp_path / "two.parquet", {"item_id": ["a", "b"]}, ROWS[:2])
    pq.write_table(pa.table({"item_id": ["a"], "vector": ["1,2"]}), tmp_path / "text.parquet")
    np.save(tmp_path / "flat.npy", np.ones(3))
    np.save(tmp_path / "v.npy", ROWS)
    (tmp_path / "objects.npy").write_bytes(OBJECTS)
    (tmp_path / "v.csv").write_text("item_id,vector\na,1\n")
    for table, told in (
        ({"items": "ragged.parquet"}, "expected vectors of one length, found 2, 3"),
        (
            {"items": "text.parquet"},
            r"a list of numbers, found string \(embed\.engines\.table\.columns\.vector\)",
        ),
        ({"items": "two.parquet", "columns": VectorColumns(vector="v")}, "no column 'v'"),
        ({"items": "flat.npy"}, r"float64 of shape \(3,\); expected numbers"),
        ({"items": "objects.npy"}, "cannot be read as .npy"),
        ({"items": "v.npy"}, r"holds no ids\. Name a table of them, row by row, in embed\.engines\.table\.item_ids"),
        ({"items": "v.npy", "item_ids": "two.parquet"}, "two.parquet has 2 records, but v.npy has 3 vectors"),
        ({"items": "v.csv"}, "v.csv is neither Parquet nor .npy"),
        ({"items": "nowhere"}, r"embed\.engines\.table\.items: .* has no file 'nowhere'"),
    ):
        with pytest.raises(DataError, match=told):
            run(**table)
