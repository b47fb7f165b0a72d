"""What cannot be read: rejects with exact lines, errors that say what to do."""

from pathlib import Path

import pytest

from sracl_core.ground.errors import DataError
from sracl_core.params.data import ColumnNames

NO_TIME = (
    "is neither a number of seconds, milliseconds, microseconds or nanoseconds between 1970 and 2100 nor an ISO date"
)
CSV = "user_id,item_id,timestamp\nu1,b,30\nu1,a,10\nu2,a,10\nu2,b,10\nu1,c,10\n"


def test_rejects_name_file_line_column_and_reason(raw, run_ingest):
    (raw / "interactions.csv").write_bytes(
        b"user_id,item_id,timestamp,stars\n"
        b"u,a,1,5\n"
        b"\n"
        b" ,a,2,5\n"  # line 4
        b"u,,3,5\n"
        b"u,a,soon,5\n"
        b"u,a,nan,5\n"
        b"u,a,4,good\n"
        b"u,a\n"
        b'u,"a" b,5,5\n'  # line 10
        b"u,caf\xe9,6,5\n"
        b'"u\nv",a,7,\n'  # lines 12 and 13: one record
        b"u,a,x,5\n"
        b"u,a\x00,8,5\n"
    )
    found = run_ingest(raw, columns=ColumnNames(rating="stars"), max_rejected=1.0)
    rejected = [(row["line"], row["column"], row["reason"]) for row in found.rows("rejected")]
    stamp = NO_TIME
    assert rejected == [
        (4, "user_id", "is empty"),
        (5, "item_id", "is empty"),
        (6, "timestamp", stamp),
        (7, "timestamp", stamp),
        (8, "stars", "is not a number"),
        (9, None, "expected 4 columns, found 2"),
        (10, None, "a quoted field is not closed or longer than 1 MiB, or text follows its closing quote"),
        (11, None, "is not UTF-8 text (byte 6 of the line)"),
        (12, "user_id", "holds a line break; a quote that is not closed joins lines"),
        (14, "timestamp", stamp),
        (15, "item_id", "holds a control character, such as NUL; take it out"),
    ]
    assert {row["file"] for row in found.rows("rejected")} == {"interactions.csv"}
    assert found.rows("rejected")[0]["text"] == " ,a,2,5"
    account = found.summary["interactions_file"]
    assert (account["read"], account["rejected"], account["kept"], account["blank_lines"]) == (12, 11, 1, 1)


def test_too_many_rejects_fail_and_show_the_first(raw, run_ingest, tmp_path):
    (raw / "interactions.csv").write_text("user_id,item_id,timestamp\n" + "u,a,1\n" * 8 + "u,a,x\nu,a,y\n")
    with pytest.raises(DataError) as error:
        run_ingest(raw, max_rejected=0.1)
    message = str(error.value)
    assert "2 of 10 records (20.0%) cannot be read" in message
    assert f"interactions.csv, line 10, column timestamp: {NO_TIME}: 'u,a,x'" in message
    assert "data.max_rejected" in message
    assert (tmp_path / "out" / "rejected").exists()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["rejected"], "temporary files were left behind"
    assert run_ingest(raw, max_rejected=0.2).summary["interactions"] == 8


@pytest.mark.parametrize(
    ("files", "data", "expected"),
    [
        ({}, {}, ["holds no file of interactions", "interactions.csv", "found nothing", "data.path"]),
        ({"other.csv": "x"}, {}, ["Looked for interactions.csv", "found other.csv", "data.interactions_file"]),
        ({"interactions.csv": ""}, {}, ["interactions.csv is empty"]),
        ({"interactions.csv": "user_id,item_id,timestamp\n"}, {}, ["holds no interactions"]),
        (
            {"interactions.csv": "uid,item_id,timestamp\nu,a,1\n"},
            {},
            ["no column 'user_id' (data.sources.table.columns.user)", "comma", "'uid', 'item_id', 'timestamp'"],
        ),
        ({"interactions.csv": "user_id:item_id:timestamp\n"}, {}, ["'user_id:item_id:timestamp'", "no column"]),
        (
            {"interactions.csv": "user_id,item_id,when\n"},
            {},
            ["data.sources.table.columns.timestamp", "or leave it empty", "'when'"],
        ),
        ({"interactions.csv": "user_id,item_id,timestamp,user_id\n"}, {}, ["2 columns 'user_id'"]),
        (
            {"interactions.jsonl": '{"user_id": 1, "item": 2}\n'},
            {},
            ["data.sources.table.columns.item", "'user_id', 'item'"],
        ),
        ({"interactions.jsonl": '["user_id", 1]\n'}, {}, ["is not a JSON object"]),
        ({"interactions.csv": CSV, "interactions.jsonl": "{}"}, {}, ["several files", "data.interactions_file"]),
        ({"interactions.csv": CSV}, {"interactions_file": "no.csv"}, ["no file 'no.csv'", "interactions.csv"]),
        ({"interactions.csv": CSV}, {"interactions_file": "x" * 300}, ["no file 'xxx"]),
        ({"interactions.csv": CSV}, {"interactions_file": "../x.csv"}, ["outside"]),
        ({"a.zip": "no archive"}, {}, ["a.zip is not a readable zip archive"]),
        ({"interactions.parquet": "no parquet"}, {}, ["interactions.parquet is no Parquet file", "PAR1"]),
        ({"interactions.csv": CSV}, {"core_users": 9}, ["no interaction is left of 5", "data.core_users"]),
        ({"interactions.csv": CSV}, {"min_rating": 3.0}, ["data.min_rating", "data.sources.table.columns.rating"]),
    ],
)
def test_errors_say_what_was_looked_for_and_what_to_do(raw, run_ingest, files, data, expected):
    for name, text in files.items():
        (raw / name).write_text(text)
    with pytest.raises(DataError) as error:
        run_ingest(raw, **data)
    assert [part for part in expected if part not in str(error.value)] == []


def test_an_optional_column_must_be_there_once_it_is_named(raw, run_ingest):
    (raw / "interactions.csv").write_text(CSV)
    (raw / "items.csv").write_text("item_id,name\na,A\n")
    assert run_ingest(raw).item("a")["attributes"] == {"name": "A"}
    with pytest.raises(DataError, match=r"no column 'maker' \(data.sources.table.columns.brand\)"):
        run_ingest(raw, columns=ColumnNames(brand="maker"))


def test_a_cut_gzip_is_named(raw, run_ingest, gzipped):
    gzipped(raw / "interactions.csv.gz", CSV + "".join(f"u{n * 7919},i{n},{n * 31}\n" for n in range(5000)))
    whole = (raw / "interactions.csv.gz").read_bytes()
    (raw / "interactions.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"interactions.csv.gz cannot be read.*fetch it again"):
        run_ingest(raw)


def test_params_keep_their_place_in_errors(raw: Path, run_ingest):
    with pytest.raises(DataError, match=r"data.path: .*missing is not a folder"):
        run_ingest(raw / "missing")
