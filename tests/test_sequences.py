"""Sequences of another catalogue are told before anything is made of them."""

from pathlib import Path

import pyarrow as pa
import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import write_table
from sracl_core.ground.errors import ArtifactError
from sracl_core.schemas.ingest import ITEMS, SEQUENCES
from sracl_core.sequences import read_training_part, require_known_items

ROWS = [
    {"user": 0, "train": [1, 2], "valid": [3], "test": [4]},
    {"user": 1, "train": [], "valid": [], "test": []},
    {"user": 2, "train": [4, 4, 1], "valid": [2], "test": [1]},
]


def test_the_training_part_is_read_by_user(tmp_path: Path) -> None:
    path, items = tmp_path / "sequences.parquet", tmp_path / "items.parquet"
    write_table(path, pa.Table.from_pylist(ROWS, SEQUENCES), SEQUENCES, Provenance("ingest", "one", "raw"))
    write_table(items, ITEMS.empty_table(), ITEMS, Provenance("ingest", "one", "raw"))
    train = read_training_part(path, items, 4)
    assert [train[user].tolist() for user in range(3)] == [[1, 2], [], [4, 4, 1]]
    with pytest.raises(ArtifactError, match=r"hold item 4 \(train part\), .* knows items 1 to 3: .*Run `dvc repro`"):
        read_training_part(path, items, 3)
    for other in (Provenance("ingest", "another", "raw"), Provenance("ingest", "one", "other raw files")):
        write_table(items, ITEMS.empty_table(), ITEMS, other)
        with pytest.raises(ArtifactError, match=r"sequences.parquet and .*items.parquet are not of the same run"):
            read_training_part(path, items, 4)


@pytest.mark.parametrize("part", ["train", "valid", "test"])
@pytest.mark.parametrize("item", [0, -1, 5])
def test_an_item_outside_the_catalogue_is_told_in_every_part(part: str, item: int) -> None:
    table = pa.Table.from_pylist([ROWS[0], ROWS[1], {**ROWS[2], part: [1, item]}], SEQUENCES)
    with pytest.raises(ArtifactError, match=rf"hold item {item} \({part} part\)"):
        require_known_items(table, 4)
    require_known_items(pa.Table.from_pylist(ROWS, SEQUENCES), 4)
