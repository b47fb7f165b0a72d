"""Amazon Reviews 2014, 2018 and 2023 in their true raw formats."""

import json

import pytest

from sracl_core.ground.errors import DataError

REVIEW = {
    "reviewerID": "A1",
    "asin": "B1",
    "reviewerName": 'J. "Jo"',
    "helpful": [0, 1],
    "reviewText": "it's",
    "overall": 5.0,
}
META_2014 = (
    "{'asin': 'B1', 'salesRank': {'Office Products': 2063}, 'imUrl': 'http://x', 'categories': "
    "[['Office Products', 'Pens'], ['Office Products', 'Gel']], 'title': \"Pilot's \\\"G2\\\" Pen \\u00e9\", "
    "'price': 12.5, 'brand': 'Pilot', 'description': 'Writes\\nwell \\/ fast', 'related': {'also_bought': ['B2']}}\n"
)


def reviews(*times: int) -> str:
    return "".join(json.dumps(REVIEW | {"unixReviewTime": time, "reviewerID": f"A{time}"}) + "\n" for time in times)


def test_2014(raw, run_ingest, gzipped):
    gzipped(raw / "reviews_Office_5.json.gz", reviews(1393545600) + repr(REVIEW | {"unixReviewTime": 7}) + "\n")
    gzipped(raw / "meta_Office.json.gz", META_2014 + "{'asin': 'B9', 'title': 'not bought'}\n")
    found = run_ingest(raw, source="amazon2014", min_rating=4.0)
    assert found.histories() == {"A1": [("B1", 7)], "A1393545600": [("B1", 1393545600)]}
    assert found.item("B1") == {
        "item": 1,
        "item_id": "B1",
        "title": 'Pilot\'s "G2" Pen é',
        "brand": "Pilot",
        "categories": ["Office Products", "Pens", "Gel"],
        "description": "Writes well \\/ fast",
        "price": "12.5",
        "attributes": {},
    }
    assert found.summary["items_file"]["without_interactions"] == 1


@pytest.mark.parametrize(
    "line",
    [
        "__import__('os').system('touch {path}')",
        "{{'asin': __import__('os').system('touch {path}')}}",
        "{{'asin': open('{path}', 'w')}}",
        "[].__class__",
        "{{'asin': 'B1', 'price': 1e999}}",
        "{{'asin': 'B1', 'price': 1j}}",
        "{{'asin': '\\ud800'}}",
        "{{'asin': 'B1', 'x': \x00}}",
        "-" * 100000 + "1",
        "(" * 100000,
        "[" * 150 + "]" * 150,
        "1" + "+1" * 20000,
        "{{('a', 'b'): 1}}",
        "'asin'",
        "",
        "{{'asin': 'B1'",
    ],
)
def test_2014_hostile_lines_stay_data(raw, run_ingest, tmp_path, line):
    path = tmp_path / "owned"
    line = line.format(path=path)
    (raw / "reviews_Office_5.json").write_text(reviews(1))
    (raw / "meta_Office.json").write_text(f"{META_2014}{line}\n{META_2014}")
    found = run_ingest(raw, source="amazon2014", max_rejected=0.5)
    assert not path.exists()
    expected = [("meta_Office.json", 2, None, "is neither a JSON object nor a Python dict", line[:200])] if line else []
    assert [tuple(row.values()) for row in found.rows("rejected")] == expected
    assert found.summary["items_file"]["duplicates"] == 1


def test_2014_ratings_alone(raw, run_ingest):
    (raw / "ratings_Beauty.csv").write_text("A1,B1,5.0,1369699200\nA1,B2,3.0,1355443200\n")
    (raw / "meta_Beauty.json").write_text(META_2014)
    assert run_ingest(raw, source="amazon2014").histories() == {"A1": [("B2", 1355443200), ("B1", 1369699200)]}


def test_2018(raw, run_ingest, gzipped):
    meta = {
        "asin": "B1",
        "category": ["Office Products", "Pens"],
        "description": ["Two", "parts"],
        "title": "Pen",
        "brand": "",
        "rank": [">#1,234 in Office Products"],
        "price": "$3.50",
        "also_buy": ["B2"],
    }
    gzipped(raw / "Office_Products_5.json.gz", reviews(20, 10))
    gzipped(raw / "meta_Office_Products.json.gz", json.dumps(meta) + "\n")
    found = run_ingest(raw, source="amazon2018")
    assert found.histories() == {"A10": [("B1", 10)], "A20": [("B1", 20)]}
    item = found.item("B1")
    assert (item["description"], item["brand"], item["price"]) == ("Two parts", None, "$3.50")
    assert item["attributes"] == {}


def test_2018_ratings_alone_begin_with_the_item(raw, run_ingest):
    (raw / "Office_Products.csv").write_text("B1,A1,5.0,5\n")
    (raw / "meta_Office_Products.json").write_text(json.dumps({"asin": "B1"}) + "\n")
    assert run_ingest(raw, source="amazon2018").histories() == {"A1": [("B1", 5)]}


META_2023 = {
    "main_category": "Office Products",
    "title": "Pen",
    "average_rating": 4.8,
    "features": ["Gel"],
    "description": ["A pen."],
    "price": None,
    "store": "Pilot",
    "categories": ["Office Products", "Pens"],
    "details": {
        "Ink Color": "Blue",
        "Date First Available": "May 1, 2004",
        "Best Sellers Rank": {"Office Products": 12, "Pens": 1},
        "Customer Reviews": "4.8 out of 5",
    },
    "parent_asin": "B1",
}


def test_2023(raw, run_ingest):
    review = {
        "rating": 5.0,
        "title": "t",
        "asin": "B0",
        "parent_asin": "B1",
        "user_id": "A1",
        "timestamp": 1588687728923,
    }
    later_in_file = review | {"parent_asin": "B2", "timestamp": 1588687728100}
    (raw / "Office_Products.jsonl").write_text(json.dumps(review) + "\n" + json.dumps(later_in_file) + "\n")
    (raw / "meta_Office_Products.jsonl").write_text(json.dumps(META_2023) + "\n")
    found = run_ingest(raw, source="amazon2023")
    # Milliseconds order what happened within one second.
    assert found.histories() == {"A1": [("B2", 1588687728), ("B1", 1588687728)]}
    item = found.item("B1")
    assert (item["brand"], item["description"], item["price"]) == ("Pilot", "A pen. Gel", None)
    assert item["attributes"] == {
        "Date First Available": "May 1, 2004",
        "Ink Color": "Blue",
        "main_category": "Office Products",
    }
    left_out = {"Best Sellers Rank.Office Products": 1, "Best Sellers Rank.Pens": 1, "Customer Reviews": 1}
    assert found.summary["fields_not_allowed"] == left_out


def test_2023_as_csv(raw, run_ingest):
    (raw / "Office_Products.csv").write_text("user_id,parent_asin,rating,timestamp\nA1,B1,5.0,1588687728923\n")
    (raw / "meta_Office_Products.jsonl").write_text(json.dumps(META_2023) + "\n")
    assert run_ingest(raw, source="amazon2023").histories() == {"A1": [("B1", 1588687728)]}


@pytest.mark.parametrize(
    ("source", "looked_for"),
    [("amazon2014", "reviews_*.json"), ("amazon2018", "*.json"), ("amazon2023", "*.jsonl")],
)
def test_missing_files_are_named(raw, run_ingest, source, looked_for):
    (raw / "readme.md").write_text("")
    with pytest.raises(DataError) as error:
        run_ingest(raw, source=source)
    assert looked_for in str(error.value)
    assert "found readme.md" in str(error.value)
