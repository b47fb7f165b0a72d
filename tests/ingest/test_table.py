"""Tables of your own: formats, mappings, time, texts, determinism."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sracl_core.ground.errors import ParamsError
from sracl_core.ingest.pipeline import locate
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.sources.protocol import Layout
from sracl_core.ingest.sources.table import PLUGIN
from sracl_core.params.data import SOURCE, ColumnNames, DataParams, TableParams
from sracl_core.params.reading.groups import PartParams
from sracl_core.params.reading.section import read_section
from sracl_core.params.split import SplitParams
from tests.params.reading.test_section import changed, written

CSV = "user_id,item_id,timestamp\nu1,b,30\nu1,a,10\nu2,a,10\nu2,b,10\nu1,c,10\n"
HISTORIES = {"u1": [("a", 10), ("c", 10), ("b", 30)], "u2": [("a", 10), ("b", 10)]}


def test_equal_timestamps_keep_the_order_of_the_file(raw, run_ingest):
    (raw / "interactions.csv").write_text(CSV)
    found = run_ingest(raw)
    assert found.histories() == HISTORIES
    assert [row["position"] for row in found.rows("interactions")] == [0, 1, 2, 0, 1]
    assert found.rows("users") == [
        {"user": 0, "user_id": "u1", "n_train": 1},
        {"user": 1, "user_id": "u2", "n_train": 2},
    ]
    assert found.rows("sequences")[0] == {"user": 0, "train": [1], "valid": [3], "test": [2]}
    assert found.summary["items_file"] is None
    assert found.summary["items_not_in_catalogue"] == {"count": 3, "first": ["a", "b", "c"]}
    assert found.summary["split"]["users_train_only"] == 1


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_separator_is_found(raw, run_ingest, delimiter):
    (raw / "interactions.txt").write_text(CSV.replace(",", delimiter))
    assert run_ingest(raw).histories() == HISTORIES


def test_gzip_zip_json_and_parquet_hold_the_same(raw, run_ingest, gzipped, zipped, tmp_path):
    rows = [dict(zip(("user_id", "item_id", "timestamp"), line.split(","), strict=True)) for line in CSV.split()[1:]]
    jsonl = "".join(json.dumps(row | {"timestamp": int(row["timestamp"])}) + "\n" for row in rows)
    table = pa.table({name: [row[name] for row in rows] for name in rows[0]})
    parquet = tmp_path / "interactions.parquet"
    pq.write_table(
        table.set_column(2, "timestamp", pa.array([int(t) for t in table["timestamp"].to_pylist()])), parquet
    )
    writers = {
        "csv.gz": lambda folder: gzipped(folder / "interactions.csv.gz", CSV),
        "csv in zip": lambda folder: zipped(folder / "any.zip", {"deep/interactions.csv": CSV, "readme.txt": "x"}),
        "jsonl": lambda folder: (folder / "interactions.jsonl").write_text(jsonl),
        "parquet": lambda folder: (folder / "interactions.parquet").write_bytes(parquet.read_bytes()),
    }
    for name, write in writers.items():
        folder = raw / name
        folder.mkdir()
        write(folder)
        assert run_ingest(folder, out=name).histories() == HISTORIES, name


def test_parquet_inside_a_zip(raw, run_ingest, tmp_path):
    import zipfile

    pq.write_table(pa.table({"user_id": ["u"], "item_id": ["i"], "timestamp": [5]}), tmp_path / "one.parquet")
    with zipfile.ZipFile(raw / "data.zip", "w") as archive:
        archive.write(tmp_path / "one.parquet", "interactions.parquet")
    assert run_ingest(raw).histories() == {"u": [("i", 5)]}


def test_dates_count_in_utc_and_below_seconds(raw, run_ingest):
    stamps = ["2018-07-07 22:09:11", "2018-07-07T22:09:11.5+00:00", "2018-07-08T00:09:10+02:00", "1531001351.25"]
    lines = "".join(f"u,i{place},{stamp}\n" for place, stamp in enumerate(stamps))
    (raw / "interactions.csv").write_text("user_id,item_id,timestamp\n" + lines)
    assert run_ingest(raw).histories()["u"] == [
        ("i2", 1531001350),
        ("i0", 1531001351),
        ("i3", 1531001351),
        ("i1", 1531001351),
    ]


def test_without_timestamps_the_file_order_counts(raw, run_ingest):
    (raw / "interactions.csv").write_text("who,what\nu,b\nu,a\nu,c\n")
    columns = ColumnNames(user="who", item="what", timestamp=None)
    assert [item for item, _ in run_ingest(raw, columns=columns).histories()["u"]] == ["b", "a", "c"]


def test_catalogue_texts_survive_quotes_line_breaks_and_unicode(raw, run_ingest):
    (raw / "interactions.csv").write_text(CSV)
    (raw / "items.csv").write_text(
        "item_id,title,brand,categories,description,price,colour\n"
        '"a","Said ""hi"", twice\nor more",Bränd,Toys > Cars|Toys,,9.99,blå\n'
        "b,,,,,,\n"
        'a,second row,,,,,\nz,nobody bought it,,,,,\nc,5" nail,,"[""x"", ""y""]",plain,$3,\n',
        encoding="utf-8",
    )
    found = run_ingest(raw)
    assert found.item("a") == {
        "item": 1,
        "item_id": "a",
        "title": 'Said "hi", twice or more',
        "brand": "Bränd",
        "categories": ["Toys", "Cars"],
        "description": None,
        "price": "9.99",
        "attributes": {"colour": "blå"},
    }
    assert (found.item("c")["title"], found.item("c")["categories"]) == ('5" nail', ["x", "y"])
    assert found.summary["items_file"] == {
        "file": "items.csv",
        "read": 5,
        "rejected": 0,
        "duplicates": 1,
        "without_interactions": 1,
        "kept": 3,
        "blank_lines": 0,
        "repeated_headers": 0,
        "long_records": 0,
        "first_long_record": 0,
        "unreadable_cells": 0,
    }
    assert found.summary["items_without_text"] == {"count": 1, "first": ["b"]}


def test_json_catalogue_keeps_lists_and_other_keys(raw, run_ingest):
    (raw / "interactions.csv").write_text(CSV)
    item = {"item_id": "a", "title": "T", "categories": ["x", "y", "x"], "description": ["one", "two"], "a/b": {"c": 1}}
    (raw / "items.jsonl").write_text(json.dumps(item) + '\n{"item_id": "b", "title": null, "k~": 2, "k~": 3}\n')
    found = run_ingest(raw)
    row = found.item("a")
    assert (row["categories"], row["description"], row["attributes"]) == (["x", "y"], "one two", {"a/b.c": "1"})
    assert list(found.item("b")["attributes"]) == ["k~"]


def test_a_repeated_key_or_column_counts_once(raw, run_ingest):
    (raw / "interactions.csv").write_text(CSV)
    (raw / "items.csv").write_text("item_id,colour,colour,size\na,red,blue,\n")
    assert run_ingest(raw).item("a")["attributes"] == {"colour": "red"}


def test_parquet_in_a_folder_with_signs_of_patterns(raw, run_ingest):
    folder = raw / "it's [1] *"
    folder.mkdir()
    pq.write_table(pa.table({"user_id": ["u"], "item_id": ["i"], "timestamp": [5]}), folder / "interactions.parquet")
    assert run_ingest(folder).histories() == {"u": [("i", 5)]}


def test_outputs_are_the_same_bytes_whatever_the_threads_and_the_place(raw, run_ingest, tmp_path):
    rows = "".join(f"u{n * 7919 % 997},i{n * 31 % 211},{n * 104729 % 1009}\n" for n in range(30000))
    other = tmp_path / "elsewhere" / "raw"
    other.mkdir(parents=True)
    for folder in (raw, other):
        (folder / "interactions.csv").write_text("user_id,item_id,timestamp\n" + rows + "bad\n")
        (folder / "items.csv").write_text("item_id,title\n" + "".join(f"i{n},Title {n}\n" for n in range(300)))
    options = {"core_users": 3, "core_items": 3}
    one = run_ingest(raw, out="one", threads=1, **options).files()
    two = run_ingest(other, out="two", threads=2, memory_gb=0.3, **options).files()
    assert one == two


class Mine:
    """A source from outside, with a parameter of its own: the user's column."""

    class Params(PartParams):
        who: str = "user_id"

    allowed = None

    @staticmethod
    def locate(folder: RawFolder, data: DataParams) -> Layout:
        columns = ColumnNames(user=data.source_params.who)
        table = DataParams(sources=SOURCE.shipped(table=TableParams(columns=columns)))
        return PLUGIN.locate(folder, table)


def test_a_source_from_outside_has_parameters_of_its_own(raw, run_ingest, tmp_path):
    (raw / "interactions.csv").write_text(CSV.replace("user_id", "customer"))
    values = changed(data__source="mine", data__path=str(raw), data__core_users=1, data__core_items=1)
    values["data"]["sources"]["mine"] = {"part": f"{__name__}:Mine", "who": "customer"}
    found = read_section(written(tmp_path / "params.yaml", values), DataParams).model_dump()
    params = read_section(tmp_path / "params.yaml", DataParams)
    assert found["sources"]["mine"] == {"who": "customer", "part": f"{__name__}:Mine"}
    layout = locate(raw, params)
    assert layout.interactions.user == "customer"
    values["data"]["sources"]["mine"] = {"part": f"{__name__}:Mine", "whom": "customer"}
    with pytest.raises(ParamsError, match=r"data\.sources\.mine\.whom: unknown parameter; did you mean .*mine\.who\?"):
        read_section(written(tmp_path / "params.yaml", values), DataParams)


def test_timeline_dates_are_in_the_summary(raw, run_ingest):
    (raw / "interactions.csv").write_text(
        "user_id,item_id,timestamp\n" + "".join(f"u{n % 2},i,{n}\n" for n in range(10))
    )
    split = run_ingest(raw, split=SplitParams(method="timeline", valid_share=0.2, test_share=0.1)).summary["split"]
    assert (split["valid_from"], split["test_from"]) == (7, 9)
    assert (split["train"], split["valid"], split["test"]) == (7, 2, 1)
    assert split["users_without_test"] == 1
