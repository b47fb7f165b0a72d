"""Ids on two sides: floats that were whole, missing words, and whether the catalogue speaks of the same items."""

import json

import pytest

from sracl_core.ground.errors import DataError
from sracl_core.params.data import ColumnNames


def interactions(*items: str, header: str = "user_id,item_id,timestamp") -> str:
    return f"{header}\n" + "".join(f"u,{item},{place}\n" for place, item in enumerate(items))


def items(*ids: str) -> str:
    return "item_id,title\n" + "".join(f"{item},Title {item}\n" for item in ids)


def notes(found) -> str:
    return "\n".join(found.summary["notes"])


def test_whole_floats_are_the_integers_they_were(raw, run_ingest):
    (raw / "interactions.csv").write_text(interactions("12.0", "7.0", "100.0"))
    (raw / "items.csv").write_text(items("12", "7", "100"))
    found = run_ingest(raw)
    assert [row["item_id"] for row in found.rows("items")] == ["100", "12", "7"]
    assert found.item("12")["title"] == "Title 12"
    assert "interactions.csv: all item ids are whole numbers written as floats; 12.0 is read as 12." in notes(found)
    assert "3 of 3 items (100.0%) and 100.0% of the interactions have a row in the catalogue." in notes(found)


def test_the_other_side_may_be_the_float_and_users_too(raw, run_ingest):
    (raw / "interactions.csv").write_text("user_id,item_id,timestamp\n1.0,12,1\n-2.0,7,2\n")
    (raw / "items.jsonl").write_text("".join(json.dumps({"item_id": n, "title": "T"}) + "\n" for n in (12.0, 7.0)))
    found = run_ingest(raw)
    assert set(found.histories()) == {"1", "-2"}
    assert found.item("12")["title"] == "T"


def test_a_name_that_looks_like_a_float_stays_among_others(raw, run_ingest):
    (raw / "interactions.csv").write_text(interactions("1.0", "1.10", "v2"))
    assert [row["item_id"] for row in run_ingest(raw).rows("items")] == ["1.0", "1.10", "v2"]


def test_floats_too_large_for_their_digits_are_warned_of(raw, run_ingest):
    (raw / "interactions.csv").write_text(interactions("1.5310013511223e+18", "3.0", "1e+16"))
    found = run_ingest(raw)
    assert [row["item_id"] for row in found.rows("items")] == ["10000000000000000", "1531001351122300000", "3"]
    assert "warning: 2 item ids in interactions.csv are so large that a float does not hold all their digits" in notes(
        found
    )


@pytest.mark.parametrize("word", ["nan", "None", "NULL", "<NA>", "\\N"])
def test_a_word_for_a_missing_id_is_no_id(raw, run_ingest, word):
    (raw / "interactions.csv").write_text(f"user_id,item_id,timestamp\n{word},a,1\nu,{word},2\nu,b,3\n")
    found = run_ingest(raw, max_rejected=1.0)
    assert found.histories() == {"u": [("b", 3)]}
    reason = "is a word that stands for a missing value"
    assert [(row["line"], row["column"], row["reason"]) for row in found.rows("rejected")] == [
        (2, "user_id", reason),
        (3, "item_id", reason),
    ]


def test_a_missing_rating_is_no_error(raw, run_ingest):
    (raw / "interactions.csv").write_text("user_id,item_id,timestamp,stars\nu,a,1,nan\nu,b,2,5\nu,c,3,\n")
    columns = ColumnNames(rating="stars")
    assert run_ingest(raw, columns=columns).summary["interactions"] == 3
    assert run_ingest(raw, columns=columns, min_rating=1.0, out="rated").summary["interactions"] == 1


CAUSES = {
    "differ in upper and lower case": (["B01", "B02", "B03"], ["b01", "b02", "b03"]),
    "have lost the zeros they began with": (["007", "042", "0001"], ["7", "42", "1"]),
    "are whole numbers on one side and floats": (["12.0", "7.0", "x"], ["12", "7", "y"]),
    "differ in quotes, blanks or other punctuation": (["B-01", "B-02", "B-03"], ["B01", "B02", "B03"]),
    "have something before or behind their number": (["item_0012", "item_7", "item_8"], ["12", "7", "8"]),
    "The ids are of different kinds, or the catalogue is of other items: check data.items_file": (
        ["a", "b", "c"],
        ["x1", "x2", "x3"],
    ),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_catalogue_that_does_not_match_is_warned_of_with_the_cause(raw, run_ingest, cause):
    ours, theirs = CAUSES[cause]
    (raw / "interactions.csv").write_text(interactions(*ours))
    (raw / "items.csv").write_text(items(*theirs))
    told = notes(run_ingest(raw))
    assert "0 of 3 items (0.0%) and 0.0% of the interactions have a row in the catalogue." in told
    warning = told[told.index("warning:") :]
    assert "Only 0 of 3 items have a row in the catalogue" in warning
    assert all(repr(item) in warning for item in (*ours, *theirs))
    assert cause in warning


def test_half_a_catalogue_is_told_without_a_warning(raw, run_ingest):
    (raw / "interactions.csv").write_text(interactions("a", "a", "a", "b"))
    (raw / "items.csv").write_text(items("a", "z"))
    told = notes(run_ingest(raw))
    assert "1 of 2 items (50.0%) and 75.0% of the interactions have a row in the catalogue." in told
    assert "warning" not in told


def test_interactions_that_the_core_filter_dropped_do_not_count(raw, run_ingest):
    (raw / "interactions.csv").write_text("user_id,item_id,timestamp\nu,a,1\nv,a,2\nu,b,3\n")
    (raw / "items.csv").write_text(items("a"))
    found = run_ingest(raw, core_items=2)
    assert "1 of 1 items (100.0%) and 100.0% of the interactions" in notes(found)


@pytest.mark.parametrize("method", ["leave_one_out", "timeline"])
def test_nobody_to_validate_or_test_ends_with_cause_and_parameter(raw, run_ingest, method):
    from sracl_core.ingest.held_out import require_held_out
    from sracl_core.params.split import SplitParams

    lines = "".join(f"u{n},i,{n}\n" for n in range(8)) if method == "leave_one_out" else "u,a,1\nu,b,2\nu,c,2\n"
    (raw / "interactions.csv").write_text(f"user_id,item_id,timestamp\n{lines}")
    split = SplitParams(method=method, valid_share=0.3, test_share=0.3)
    summary = run_ingest(raw, split=split).summary
    with pytest.raises(DataError) as error:
        require_held_out(summary)
    expected = {
        "leave_one_out": "Nobody is left for validation and test. Of 8 records 8 stayed, of 8 users. split.method",
        "timeline": "Nobody is left for validation. Of 3 records 3 stayed, of 1 users. split.method timeline cuts",
    }
    assert expected[method] in str(error.value)
    (raw / "interactions.csv").write_text(interactions("a", "b", "c", "d"))
    require_held_out(run_ingest(raw, split=split, out="enough").summary)


def test_held_out_interactions_without_a_history_do_not_count(raw, run_ingest):
    from sracl_core.ingest.held_out import require_held_out
    from sracl_core.params.split import SplitParams

    (raw / "interactions.csv").write_text(
        "user_id,item_id,timestamp\n" + "".join(f"u{n},i{n},{n}\n" for n in range(10))
    )
    summary = run_ingest(raw, split=SplitParams(method="timeline")).summary
    assert (summary["split"]["valid"], summary["split"]["valid_targets"]) == (1, 0)
    with pytest.raises(DataError, match="Nobody is left for validation and test"):
        require_held_out(summary)


def test_all_that_took_interactions_is_named_where_nobody_is_held_out(raw, run_ingest):
    from sracl_core.ingest.held_out import require_held_out

    (raw / "interactions.csv").write_text(
        "user_id,item_id,timestamp,stars\nu,a,2019-01-01,5\nu,a,2019-01-02,5\nu,b,2018-01-01,5\nu,c,2019-01-03,1\n,d,1,5\n"
    )
    found = run_ingest(
        raw,
        columns=ColumnNames(rating="stars"),
        min_rating=2.0,
        repeats="first",
        max_rejected=0.5,
        **{"from": "2019-01-01"},
    )
    expected = (
        r"Of 5 records 1 were rejected; 1 lie outside data.from and data.to; 1 are below data.min_rating; "
        r"1 are repeats \(data.repeats\); 1 stayed, of 1 users"
    )
    with pytest.raises(DataError, match=expected):
        require_held_out(found.summary)


def test_all_rejected_is_not_called_a_filter(raw, run_ingest):
    (raw / "interactions.csv").write_text("user_id,item_id,timestamp\nu,a,x\nu,b,y\n")
    with pytest.raises(DataError, match="holds no interactions: all 2 records were rejected"):
        run_ingest(raw, max_rejected=1.0)


@pytest.mark.parametrize("value", [["1", "2"], {"a": 1}])
def test_a_list_or_an_object_is_no_id(raw, run_ingest, value):
    rows = [{"user_id": "u", "item_id": value, "timestamp": 1}, {"user_id": "u", "item_id": "[x", "timestamp": 2}]
    (raw / "interactions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = run_ingest(raw, max_rejected=1.0)
    assert found.histories() == {"u": [("[x", 2)]}
    assert found.rows("rejected")[0]["reason"] == "is a list or an object, not an id; each record must be of one"


def test_float_ids_of_parquet_are_read_as_those_of_csv(raw, run_ingest):
    import pyarrow as pa
    import pyarrow.parquet as pq

    ids = [1e17, 12345678901.0, 5.0]
    pq.write_table(
        pa.table({"user_id": ["u"] * 3, "item_id": ids, "timestamp": [1, 2, 3]}), raw / "interactions.parquet"
    )
    found = run_ingest(raw)
    assert [item for item, _ in found.histories()["u"]] == ["100000000000000000", "12345678901", "5"]
    assert "warning: 1 item ids in interactions.parquet are so large" in notes(found)


def test_the_item_column_of_the_catalogue_may_have_a_name_of_its_own(raw, run_ingest):
    (raw / "interactions.csv").write_text("u,a,1\nu,b,2\n")
    (raw / "items.tsv").write_text("sku\ttitle\na\tApple\n")
    columns = ColumnNames(user="1", item="2", timestamp="3", catalogue_item="sku")
    assert run_ingest(raw, header=False, columns=columns).item("a")["title"] == "Apple"


def test_no_catalogue_is_warned_of_with_the_names_looked_for(raw, run_ingest):
    (raw / "interactions.csv").write_text(interactions("a"))
    (raw / "item.csv").write_text(items("a"))
    assert "warning: there is no catalogue" in notes(run_ingest(raw, out="none"))
    assert "Looked for items.csv" in notes(run_ingest(raw))
    assert "no catalogue" not in notes(run_ingest(raw, items_file="item.csv", out="named"))


def test_the_interactions_are_no_catalogue(raw, run_ingest):
    (raw / "interactions.csv").write_text(interactions("a"))
    with pytest.raises(DataError, match=r"data.items_file: interactions.csv is the file of interactions too"):
        run_ingest(raw, items_file="interactions.csv")


def test_rejected_and_repeated_rows_of_the_catalogue_are_told(raw, run_ingest):
    (raw / "interactions.csv").write_text(interactions("a", "b"))
    (raw / "items.csv").write_text("item_id,title\na,A\na,second\nb,Apple, red\n")
    found = run_ingest(raw, max_rejected=1.0)
    assert found.item("a")["title"] == "A"
    assert "1 rows of the catalogue repeat an item; its first row counts." in notes(found)
    assert "items.csv: 1 of 3 rows cannot be read" in notes(found)
