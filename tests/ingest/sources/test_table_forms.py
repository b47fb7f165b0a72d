"""Tables as people have them, in every encoding, delimiter, form and wrong suffix: the same histories."""

import bz2
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sracl_core.ground.errors import DataError
from sracl_core.params.data import ColumnNames

CSV = "user_id,item_id,timestamp\nu1,b,30\nu1,a,10\nu2,a,10\nu2,b,10\nu1,c,10\n"
HISTORIES = {"u1": [("a", 10), ("c", 10), ("b", 30)], "u2": [("a", 10), ("b", 10)]}
ROWS = [dict(zip(("user_id", "item_id", "timestamp"), line.split(","), strict=True)) for line in CSV.split()[1:]]
ROWS_OF_JSON = [row | {"timestamp": int(row["timestamp"])} for row in ROWS]


def parquet() -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS_OF_JSON), held)
    return held.getvalue()


FILES: dict[str, tuple[str, bytes]] = {
    "UTF-8 with a mark": ("interactions.csv", CSV.encode("utf-8-sig")),
    "UTF-16": ("interactions.csv", CSV.encode("utf-16")),
    "UTF-16, big end first, no mark": ("interactions.csv", CSV.encode("utf-16-be")),
    "UTF-32": ("interactions.csv", CSV.encode("utf-32")),
    "CRLF": ("interactions.csv", CSV.replace("\n", "\r\n").encode()),
    "CR": ("interactions.csv", CSV.replace("\n", "\r").encode()),
    "UTF-16 with CR": ("interactions.csv", CSV.replace("\n", "\r").encode("utf-16")),
    "blank behind commas": ("interactions.csv", CSV.replace(",", ", ").encode()),
    "blanks, tabs and no-break spaces round ids": ("interactions.csv", CSV.replace("u1,", " u1\u00a0,").encode()),
    "the header again": ("interactions.csv", (CSV + "user_id,item_id,timestamp\n").encode()),
    "gzip without its suffix": ("interactions.csv", gzip.compress(CSV.encode())),
    "plain text named .gz": ("interactions.csv.gz", CSV.encode()),
    "bzip2": ("interactions.csv.bz2", bz2.compress(CSV.encode())),
    "Parquet named .csv": ("interactions.csv", parquet()),
    "Parquet in gzip": ("interactions.parquet.gz", gzip.compress(parquet())),
    "JSON lines named .txt": ("interactions.txt", "\n".join(map(json.dumps, ROWS)).encode()),
    "JSON lines in UTF-16": ("interactions.jsonl", "\n".join(map(json.dumps, ROWS)).encode("utf-16")),
    "JSON list": ("interactions.json", json.dumps(ROWS_OF_JSON, indent=2).encode()),
    "JSON list on one line": ("interactions.jsonl", json.dumps(ROWS_OF_JSON).encode()),
    "JSON objects over several lines": (
        "interactions.json",
        "\n".join(json.dumps(row, indent=1) for row in ROWS).encode(),
    ),
    "dat with tabs": ("interactions.dat", CSV.replace(",", "\t").encode()),
}


@pytest.mark.parametrize("form", FILES)
def test_the_same_histories_in_every_form(raw, run_ingest, form):
    name, data = FILES[form]
    (raw / name).write_bytes(data)
    found = run_ingest(raw)
    assert found.histories() == HISTORIES
    assert found.rows("rejected") == []


NO_HEADER = {"user": "1", "item": "2", "timestamp": "3"}
DELIMITED = {
    "no header": (CSV.partition("\n")[2], {"header": False}, NO_HEADER),
    "blanks, no header": (CSV.partition("\n")[2].replace(",", "  "), {"header": False, "delimiter": " "}, NO_HEADER),
    "blanks and tabs with a header": (CSV.replace(",", " \t"), {"delimiter": " "}, {}),
    "two colons": (CSV.replace(",", "::"), {"delimiter": "::"}, {}),
    "a caret": (CSV.replace(",", "^"), {"delimiter": "^"}, {}),
    "Hive": (CSV.replace(",", "\x01"), {"delimiter": "\x01"}, {}),
    "tab as two letters": (CSV.replace(",", "\t"), {"delimiter": "\\t"}, {}),
    "a sign beyond ASCII": (CSV.replace(",", "§"), {"delimiter": "§"}, {}),
}


@pytest.mark.parametrize("form", DELIMITED)
def test_delimiter_and_header_are_parameters(raw, run_ingest, form):
    text, data, columns = DELIMITED[form]
    (raw / "interactions.dat").write_text(text)
    assert run_ingest(raw, columns=ColumnNames(**columns), **data).histories() == HISTORIES


def test_the_catalogue_has_the_same_form_only_with_the_same_suffix(raw, run_ingest):
    (raw / "interactions.txt").write_text(CSV.partition("\n")[2].replace(",", " "))
    data = {"header": False, "delimiter": " ", "columns": ColumnNames(user="1", item="2", timestamp="3", title="2")}
    (raw / "items.txt").write_text("x a\n")
    data["columns"] = ColumnNames(user="1", item="2", timestamp="3", title="1")
    assert run_ingest(raw, **data, out="alike").item("a")["title"] == "x"
    (raw / "items.txt").unlink()
    (raw / "items.csv").write_text("2,title\na,Long title\n")
    data["columns"] = ColumnNames(user="1", item="2", timestamp="3")
    assert run_ingest(raw, **data, out="other").item("a")["title"] == "Long title"


def test_white_space_round_ids_is_told(raw, run_ingest):
    (raw / "interactions.csv").write_text(CSV.replace(",", ", "))
    (raw / "items.csv").write_text("item_id,title\na,Apple\n")
    found = run_ingest(raw)
    assert found.item("a")["title"] == "Apple"
    assert "interactions.csv: 5 records had white space round an id; it was taken off." in found.summary["notes"]


def test_repeated_headers_are_left_out_and_told(raw, run_ingest):
    header = CSV.partition("\n")[0]
    (raw / "interactions.csv").write_text(f"{CSV}{header}\nu2,c,40\n{header}\n")
    (raw / "items.csv").write_text("item_id,title\na,A\nitem_id,title\nb,B\n")
    found = run_ingest(raw)
    assert found.summary["interactions_file"]["repeated_headers"] == 2
    assert found.summary["interactions_file"]["read"] == found.summary["interactions_file"]["kept"] == 6
    assert found.summary["items_file"]["repeated_headers"] == 1
    assert "interactions.csv: 2 lines repeat the header; they were left out." in found.summary["notes"]


def test_without_a_column_of_timestamps_the_order_of_the_file_is_told(raw, run_ingest):
    (raw / "interactions.csv").write_text("user_id,item_id\nu,b\nu,a\n")
    notes = run_ingest(raw, columns=ColumnNames(timestamp=None)).summary["notes"]
    assert notes[0] == "There is no column of timestamps: the order of the file counts."


def test_a_wrong_suffix_is_said_with_what_the_file_is(raw, run_ingest):
    (raw / "interactions.jsonl").write_text(CSV)
    with pytest.raises(DataError, match=r"interactions.jsonl is no JSON.*give it the suffix .csv"):
        run_ingest(raw)


def test_files_of_systems_are_passed_over(raw, run_ingest):
    (raw / "interactions.csv").write_text(CSV)
    for name in ("._interactions.csv", ".DS_Store", "Thumbs.db", "~$items.csv", ".items.csv.swp"):
        (raw / name).write_bytes(b"\0\1")
    assert run_ingest(raw).histories() == HISTORIES


def test_keys_of_json_that_differ_by_case_stay_apart(raw, run_ingest):
    lines = [{"User_ID": "x", "user_id": "u", "item_id": n, "ITEM_ID": "y", "timestamp": n} for n in range(3)]
    (raw / "interactions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert run_ingest(raw).histories() == {"u": [("0", 0), ("1", 1), ("2", 2)]}


def test_columns_of_csv_that_differ_by_case_stay_apart(raw, run_ingest):
    (raw / "interactions.csv").write_text("User_ID,user_id,item_id,timestamp\nx,u,a,1\n")
    (raw / "items.csv").write_text("item_id,Title,title\na,wrong,right\n")
    found = run_ingest(raw)
    assert found.histories() == {"u": [("a", 1)]}
    assert (found.item("a")["title"], found.item("a")["attributes"]) == ("right", {"Title": "wrong"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps({"data": ROWS, "n": 1}), "jq -c '.data[]' interactions.json > NEW.jsonl"),
        (json.dumps({"user_id": {"0": "u"}, "item_id": {"0": "a"}, "timestamp": {"0": 1}}), "orient='records'"),
        (json.dumps({"user_id": ["u"], "item_id": ["a"], "timestamp": [1]}), "orient='records'"),
        (json.dumps({"columns": ["user_id"], "data": [["u"]]}), "orient='records'"),
    ],
)
def test_one_object_round_all_records_has_its_command(raw, run_ingest, text, expected):
    (raw / "interactions.json").write_text(text)
    with pytest.raises(DataError) as error:
        run_ingest(raw)
    assert expected in str(error.value)


def test_headers_joined_with_a_mark_are_left_out(raw, run_ingest):
    (raw / "interactions.csv").write_text("user_id,item_id\nu,b\n\ufeffuser_id,item_id\nu,a\n")
    found = run_ingest(raw, columns=ColumnNames(timestamp=None))
    assert [item for item, _ in found.histories()["u"]] == ["b", "a"]


def test_quotes_of_a_table_of_blanks_are_no_part_of_ids(raw, run_ingest):
    (raw / "interactions.txt").write_text('"user_id" "item_id" "timestamp"\n"u 1" "a" 1\n"u 1"  "b" 2\n')
    assert run_ingest(raw, delimiter=" ").histories() == {"u 1": [("a", 1), ("b", 2)]}


@pytest.mark.parametrize("name", ["items.jsonl", "items.json"])
def test_one_record_with_a_list_of_objects_is_a_record(raw, run_ingest, name):
    (raw / "interactions.csv").write_text(CSV)
    row = {"item_id": "a", "title": "A", "images": [{"large": "x"}]}
    (raw / name).write_text(json.dumps([row] if name == "items.json" else row))
    assert run_ingest(raw).item("a")["title"] == "A"


def test_a_catalogue_with_a_header_beside_interactions_without_one(raw, run_ingest):
    (raw / "interactions.csv").write_text(CSV.partition("\n")[2])
    (raw / "items.csv").write_text("sku,title\na,Apple\n")
    columns = ColumnNames(**NO_HEADER, catalogue_item="sku")
    assert run_ingest(raw, header=False, columns=columns).item("a")["title"] == "Apple"


def test_a_stray_quote_between_blanks_spoils_its_line(raw, run_ingest):
    (raw / "interactions.txt").write_text('user_id item_id\nu "a\nu a\nu b"\nu "f"g\nu c\n')
    found = run_ingest(raw, delimiter=" ", columns=ColumnNames(timestamp=None), max_rejected=1.0)
    assert [item for item, _ in found.histories()["u"]] == ["a", 'b"', "c"]
    assert [row["line"] for row in found.rows("rejected")] == [2, 5]


@pytest.mark.parametrize("again", ['"user_id","item_id"', "user_id,item_id"])
@pytest.mark.parametrize("first", ['"user_id","item_id"', "user_id,item_id"])
def test_a_header_is_known_again_with_and_without_quotes(raw, run_ingest, first, again):
    (raw / "interactions.csv").write_text(f"{first}\nu,b\n{again}\nu,a\n")
    found = run_ingest(raw, columns=ColumnNames(timestamp=None))
    assert set(found.histories()) == {"u"}
    assert found.summary["interactions_file"]["repeated_headers"] == 1


def test_an_empty_file_is_called_empty(raw, run_ingest):
    (raw / "interactions.jsonl").write_text("\n")
    with pytest.raises(DataError, match=r"interactions.jsonl is empty; expected records with user_id, item_id"):
        run_ingest(raw)
