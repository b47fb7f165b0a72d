"""A table or an object wider than any is told in one line: each column becomes a part of a statement."""

import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sracl_core.ground.errors import DataError
from sracl_core.params.reading.kinds import MOST_COLUMNS

NAMES = ["user_id", "item_id", "timestamp", *(f"c{number}" for number in range(MOST_COLUMNS - 2))]
ROWS = "user_id,item_id,timestamp\nu,a,1\nu,b,2\nu,c,3\n"


def write_csv(path: Path) -> None:
    path.with_suffix(".csv").write_text(f"{','.join(NAMES)}\nu,a{',1' * (len(NAMES) - 2)}\n")


def write_json(path: Path) -> None:
    path.with_suffix(".jsonl").write_text(json.dumps(dict.fromkeys(NAMES, 1)))


def write_parquet(path: Path) -> None:
    pq.write_table(pa.table({name: [1] for name in NAMES}), path.with_suffix(".parquet"))


@pytest.mark.parametrize("write", [write_csv, write_json, write_parquet])
def test_too_many_columns_are_told_and_not_tried(raw, run_ingest, write) -> None:
    write(raw / "interactions")
    started = time.perf_counter()
    with pytest.raises(DataError, match=rf"^interactions.\w+ has 1000\d columns; expected at most {MOST_COLUMNS}\. "):
        run_ingest(raw)
    assert time.perf_counter() - started < 5


def test_one_object_of_too_many_keys_further_down_is_set_aside(raw, run_ingest) -> None:
    (raw / "interactions.csv").write_text(ROWS)
    wide = json.dumps({"item_id": "b", "title": "B"} | {f"k{number}": "x" for number in range(100_000)})
    (raw / "items.jsonl").write_text('{"item_id": "a", "title": "A"}\n' * 200 + wide + "\n")
    started = time.perf_counter()
    found = run_ingest(raw, max_rejected=0.1)
    assert time.perf_counter() - started < 10
    (row,) = found.rows("rejected")
    assert (row["line"], row["reason"]) == (201, f"is an object of more than {MOST_COLUMNS} keys")
    assert (found.item("a")["title"], found.item("b")["title"]) == ("A", None)


def test_nesting_without_end_hurts_nobody(raw, run_ingest) -> None:
    """What DuckDB and Python make of a million levels: a cell like others, or none."""
    (raw / "interactions.csv").write_text(ROWS)
    deep = '{"item_id": "b", "title": "B", "x": ' + '{"a": ' * 100_000 + "1" + "}" * 100_000 + "}"
    listed = '{"item_id": "c", "title": "C", "categories": ' + "[" * 100_000 + "1" + "]" * 100_000 + "}"
    (raw / "items.jsonl").write_text('{"item_id": "a", "title": "A"}\n' * 20 + f"{deep}\n{listed}\n")
    found = run_ingest(raw, max_rejected=0.2)
    assert [found.item(item)["title"] for item in "abc"] == ["A", "B", "C"]
