"""The cells of a catalogue through the whole of ingest: lists, markup, code, missing words, allowed attributes."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sracl_core.params.data import ColumnNames

SCRIPT = 'var pageStart = (new Date()).getTime(); if (ue) { ue.tag("x") }'
STYLE = ".price-box{background-color:#fff;border:1px solid}"


@pytest.fixture
def bought(raw):
    """Five items with an interaction each."""
    (raw / "interactions.csv").write_text("user_id,item_id,timestamp\n" + "".join(f"u,{i},1\n" for i in "abcde"))
    return raw


def notes(found) -> str:
    return "\n".join(found.summary["notes"])


def test_lists_as_pandas_and_numpy_print_them(bought, run_ingest):
    pandas_rows = {
        "a": (str(["Clothing", "Men's Shoes"]), str(["one", "two"])),
        "b": ("['Beauty' 'Hair Care']", "['d1'\n 'd2']"),
        "c": ('["Toys", "Games"]', '["It\'s good"]'),
        "d": ("[]", "[]"),
        "e": (str(['Say "hi"', "Kid's"]), "[2-pack] of pens"),
    }
    table = pa.table(
        {
            "item_id": list(pandas_rows),
            "categories": [categories for categories, _ in pandas_rows.values()],
            "description": [description for _, description in pandas_rows.values()],
        }
    )
    pq.write_table(table, bought / "items.parquet")
    found = run_ingest(bought)
    assert {item: (found.item(item)["categories"], found.item(item)["description"]) for item in "abcde"} == {
        "a": (["Clothing", "Men's Shoes"], "one two"),
        "b": (["Beauty", "Hair Care"], "d1 d2"),
        "c": (["Toys", "Games"], "It's good"),
        "d": ([], None),
        "e": (['Say "hi"', "Kid's"], "[2-pack] of pens"),
    }


def test_lists_structs_and_maps_of_parquet(bought, run_ingest):
    table = pa.table(
        {
            "item_id": ["a", "b"],
            "categories": [["Office", "Paper, A4"], []],
            "description": [["one", "two"], None],
            "details": [{"colour": "red", "size": {"width": 2, "unit": "cm"}}, None],
            "specs": pa.array([[("ink", "gel"), ("tip", "0.5")], []], pa.map_(pa.string(), pa.string())),
            "tags": [["x", "y"], None],
            "Title": ["wrong", None],
            "title": ["right", None],
        }
    )
    pq.write_table(table, bought / "items.parquet")
    row = run_ingest(bought).item("a")
    assert (row["title"], row["categories"], row["description"]) == ("right", ["Office", "Paper, A4"], "one two")
    assert row["attributes"] == {
        "Title": "wrong",
        "details.colour": "red",
        "details.size.unit": "cm",
        "details.size.width": "2",
        "specs.ink": "gel",
        "specs.tip": "0.5",
        "tags": "x, y",
    }


def test_code_in_place_of_text_is_dropped_counted_and_named(raw, run_ingest):
    reviews = [{"reviewerID": "r", "asin": f"A{n}", "overall": 5, "unixReviewTime": n} for n in range(4)]
    meta = [
        {"asin": "A0", "title": SCRIPT, "price": STYLE, "brand": "Acme", "rank": "12,345 in Office (", "category": []},
        {
            "asin": "A1",
            "title": "<span class='x'>Stapler &amp; staples</span>",
            "description": ["<p>Good.</p>", SCRIPT],
        },
        {"asin": "A2", "title": "</span></span>", "category": ["Office", "</span></span>"], "rank": [">#3 in Pens"]},
        {"asin": "A3", "title": "JavaScript: The Good Parts; (2nd {print})"},
    ]
    (raw / "Office.json").write_text("\n".join(map(json.dumps, reviews)))
    (raw / "meta_Office.json").write_text("\n".join(map(json.dumps, meta)))
    found = run_ingest(raw, source="amazon2018")
    titles = [found.item(f"A{n}")["title"] for n in range(4)]
    assert titles == [None, "Stapler & staples", None, "JavaScript: The Good Parts; (2nd {print})"]
    assert (found.item("A0")["price"], found.item("A0")["brand"]) == (None, "Acme")
    assert found.item("A1")["description"] == "Good."
    assert found.item("A2")["categories"] == ["Office"]
    assert [row["attributes"] for row in found.rows("items")] == [[], [], [], []]
    assert found.summary["no_text_in_cells"] == {
        "count": {
            "categories: markup": 1,
            "description: script": 1,
            "price: style sheet": 1,
            "title: markup": 1,
            "title: script": 1,
        },
        "first": ["A0", "A1", "A2"],
    }
    assert "Cells of the catalogue that hold code or markup but no text are empty" in notes(found)
    assert found.summary["items_without_text"] == {"count": 0, "first": []}


def test_words_for_missing_values_are_no_text(bought, run_ingest):
    rows = [
        '{"item_id": "a", "title": NaN, "brand": "None", "price": null}',
        '{"item_id": "b", "title": "nan", "categories": ["x", NaN, "nan"], "colour": "NaN", "size": NaN}',
        '{"item_id": "c", "title": "Nan\'s kitchen", "brand": "Null Object"}',
    ]
    (bought / "items.jsonl").write_text("\n".join(rows))
    found = run_ingest(bought)
    assert [found.item(item)["title"] for item in "abc"] == [None, None, "Nan's kitchen"]
    assert [found.item(item)["brand"] for item in "ac"] == [None, "Null Object"]
    assert (found.item("b")["categories"], found.item("b")["attributes"]) == (["x"], {})
    assert found.summary["missing_values_in_words"] == {"brand": 1, "categories": 1, "title": 2}
    assert "brand (1)" in notes(found)


def test_an_abbreviated_array_is_warned_of(bought, run_ingest):
    (bought / "items.csv").write_text("item_id,categories\na,['x' 'y' ... 'z']\n")
    found = run_ingest(bought)
    assert found.item("a")["categories"] == ["x", "y", "z"]
    assert "warning: 1 lists in the catalogue are abbreviated (...)" in notes(found)


def test_parameters_choose_the_attributes(bought, run_ingest):
    (bought / "items.csv").write_text("item_id,colour,rank\na,red,7\nb,,8\n")
    assert run_ingest(bought, out="all").item("a")["attributes"] == {"colour": "red", "rank": "7"}
    found = run_ingest(bought, attributes=["Colour"])
    assert found.item("a")["attributes"] == {"colour": "red"}
    assert found.summary["fields_not_allowed"] == {"rank": 2}
    assert "left out (data.attributes): rank (2)." in notes(found)
    assert run_ingest(bought, attributes=[], out="none").item("a")["attributes"] == {}


def test_recbole_leaves_out_what_counts_the_future(raw, run_ingest):
    (raw / "y.inter").write_text("user_id:token\titem_id:token\ttimestamp:float\nu\ta\t1\n")
    (raw / "y.item").write_text(
        "item_id:token\titem_name:token\titem_stars:float\titem_review_count:float\trelease_year:token\n"
        "a\tA\t4.5\t99\t1999\n" + "a\tA\t4.5\t99\t1999\n"
    )
    found = run_ingest(raw, source="recbole")
    assert found.item("a")["attributes"] == {"release_year": "1999"}
    assert found.summary["fields_not_allowed"] == {"item_review_count": 1, "item_stars": 1}


def test_what_the_cells_hold_is_worked_out_for_items_that_stay(bought, run_ingest):
    (bought / "items.csv").write_text(f'item_id,title\na,A\nz,"{SCRIPT.replace(chr(34), "")}"\n')
    assert run_ingest(bought).summary["no_text_in_cells"]["count"] == {}


def test_columns_of_the_catalogue_can_be_left_empty(bought, run_ingest):
    (bought / "items.csv").write_text("item_id,title\na,A\n")
    found = run_ingest(bought, columns=ColumnNames(title=None))
    assert (found.item("a")["title"], found.item("a")["attributes"]) == (None, {"title": "A"})


def test_a_catalogue_on_one_line_has_one_row_an_item(bought, run_ingest):
    rows = [{"item_id": item, "title": f"Title {item}"} for item in "abcde"]
    (bought / "items.json").write_text(json.dumps(rows))
    found = run_ingest(bought)
    assert [(row["item_id"], row["title"]) for row in found.rows("items")] == [(i, f"Title {i}") for i in "abcde"]


def test_a_key_that_comes_late_is_read(bought, run_ingest):
    lines = [json.dumps({"item_id": f"z{n}"}) for n in range(300)]
    lines.append(json.dumps({"item_id": "a", "title": "T", "colour": "red", "maker": "M"}))
    (bought / "items.jsonl").write_text("\n".join(lines))
    item = run_ingest(bought, columns=ColumnNames(brand="maker")).item("a")
    assert (item["title"], item["brand"], item["attributes"]) == ("T", "M", {"colour": "red"})
    assert run_ingest(bought, attributes=[], out="none").item("a")["title"] == "T"


@pytest.mark.parametrize("name", ["details.colour", "Colour", "details", "DETAILS.COLOUR"])
def test_a_nested_attribute_may_be_named_in_any_way_it_is_shown(bought, run_ingest, name):
    (bought / "items.jsonl").write_text(json.dumps({"item_id": "a", "details": {"colour": "red"}, "rank": 3}))
    assert run_ingest(bought, attributes=[name]).item("a")["attributes"] == {"details.colour": "red"}


def test_a_dotted_name_lets_no_other_field_in(bought, run_ingest):
    (bought / "items.jsonl").write_text(json.dumps({"item_id": "a", "details": {"rank": "low"}, "rank": 3}))
    assert run_ingest(bought, attributes=["details.rank"]).item("a")["attributes"] == {"details.rank": "low"}


def test_a_detail_of_amazon_may_be_named_with_its_cell(raw, run_ingest):
    (raw / "Office.csv").write_text("user_id,parent_asin,rating,timestamp\nu,b,5,1588687728923\n")
    (raw / "meta_Office.jsonl").write_text(json.dumps({"parent_asin": "b", "details": {"Color": "red", "Size": "M"}}))
    found = run_ingest(raw, source="amazon2023", attributes=["details.Color"])
    assert found.item("b")["attributes"] == {"Color": "red"}
    assert "warning" not in notes(found)


def test_a_name_that_no_item_has_is_warned_of(bought, run_ingest):
    (bought / "items.csv").write_text("item_id,colour\na,red\n")
    found = run_ingest(bought, attributes=["colour", "color"])
    assert "warning: no item has a field that data.attributes names: color." in notes(found)


def test_row_numbers_of_pandas_are_no_attribute(bought, run_ingest):
    (bought / "items.csv").write_text(",item_id,Unnamed: 0,title\n0,a,7,A\n")
    found = run_ingest(bought)
    assert found.item("a")["attributes"] == {}
    assert found.summary["fields_not_allowed"] == {"(no name)": 1, "Unnamed: 0": 1}


def test_columns_that_stand_twice_are_told(bought, run_ingest):
    (bought / "items.csv").write_text("item_id,colour,colour\na,red,blue\n")
    found = run_ingest(bought)
    assert found.item("a")["attributes"] == {"colour": "red"}
    assert "items.csv: of the columns 'colour' the first counts." in notes(found)


def test_a_movie_title_goes_before_a_subtitle(raw, run_ingest):
    (raw / "m.inter").write_text("user_id:token\titem_id:token\nu\ta\n")
    (raw / "m.item").write_text("item_id:token\tsubtitle:token\tmovie_title:token_seq\na\tPart two\tAlien\n")
    found = run_ingest(raw, source="recbole")
    assert found.item("a")["title"] == "Alien"
    assert found.summary["notes"][0] == "There is no column of timestamps: the order of the file counts."


def test_ratings_without_a_catalogue_are_read_with_a_warning(raw, run_ingest):
    (raw / "ratings_Beauty.csv").write_text("u,a,5.0,1369699200\n")
    found = run_ingest(raw, source="amazon2014")
    assert found.histories() == {"u": [("a", 1369699200)]}
    assert "Looked for meta_*.json" in notes(found)
