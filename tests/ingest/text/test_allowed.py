"""What counts interactions is no attribute, whatever it is called."""

import pytest

from sracl_core.ingest.text import allowed
from sracl_core.ingest.text.allowed import AMAZON2014, AMAZON2018, AMAZON2023, MOVIELENS, RECBOLE, YELP, is_allowed

SOURCES = {
    "2014": AMAZON2014,
    "2018": AMAZON2018,
    "2023": AMAZON2023,
    "ml": MOVIELENS,
    "recbole": RECBOLE,
    "yelp": YELP,
}
COUNTS = """
sales_rank, salesRank, rank, sales_type, average_rating, rating_number, avg_rating, rating, stars, item_stars,
review_count, item_review_count, popularity, members, playcount, votes, metascore, sentiment, tags, tag_value,
is_open, open, hours, early_access, price, List Price, bought_together, also_buy, checkin_info, Best Sellers Rank,
details.Best Sellers Rank, Best Sellers Rank.Style, details.Best Sellers Rank.Books, details.Customer Reviews,
Customer Reviews.Language, details.Is Discontinued By Manufacturer, details, details.details, ...,
"""
# A name that holds one of these and is fine all the same is named in the test.
SUSPECT = """
rank, review, stars, averagerating, ratingnumber, ofratings, popular, vote, discontinu, bestsell, price, sold, sales
"""


@pytest.mark.parametrize("name", [name.strip() for name in COUNTS.split(",")])
@pytest.mark.parametrize("source", SOURCES)
def test_what_counts_interactions_is_refused(source: str, name: str) -> None:
    assert not is_allowed(name, SOURCES[source])


@pytest.mark.parametrize("source", SOURCES)
def test_no_name_of_a_list_speaks_of_sales_or_reviews(source: str) -> None:
    fine = {"pricerange", "restaurantspricerange", "restaurantspricerange2"}
    assert [name for name in SOURCES[source] - fine if any(word in name for word in SUSPECT.strip().split(", "))] == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("2023", "main_category"),
        ("2023", "details.Color"),
        ("2023", "ITEM  MODEL number"),
        ("2023", "details.Item Dimensions  LxWxH"),
        ("2023", "Is Dishwasher Safe?"),
        ("2023", "Age Range (Description)"),
        ("2023", "details.Audible.com Release Date"),
        ("2023", "details.Spiral-bound"),
        ("2023", "Date First Available"),
        ("yelp", "Take-out"),
        ("yelp", "attributes.WiFi"),
        ("yelp", "Wi-Fi"),
        ("yelp", "BusinessParking.garage"),
        ("yelp", "attributes.Good For.latenight"),
        ("recbole", "release_year"),
        ("recbole", "book_author"),
        ("ml", "release_date"),
    ],
)
def test_what_an_item_is_by_its_nature_is_allowed(source: str, name: str) -> None:
    assert is_allowed(name, SOURCES[source])


def test_sources_of_counts_alone_allow_nothing() -> None:
    assert AMAZON2014 == AMAZON2018 == frozenset()


def test_a_list_reads_names_as_is_allowed_compares_them() -> None:
    assert allowed.allowed_names("Number of\n Items, A-b (c),, ") == {"numberofitems", "abc"}
