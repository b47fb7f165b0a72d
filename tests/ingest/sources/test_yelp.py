"""Yelp's academic data set, in the form of every release."""

import json

import pytest


def test_yelp(raw, run_ingest):
    review = {
        "review_id": "r",
        "user_id": "u1",
        "business_id": "b1",
        "stars": 4.0,
        "text": "x",
        "date": "2018-07-07 22:09:11",
    }
    business = {
        "business_id": "b1",
        "name": "St Honore Pastries",
        "city": "Philadelphia",
        "state": "PA",
        "stars": 4.0,
        "review_count": 80,
        "attributes": {
            "RestaurantsTakeOut": "True",
            "WiFi": "u'free'",
            "BikeParking": "False",
            "Alcohol": "None",
            "BusinessParking": "{'garage': False}",
        },
        "categories": "Restaurants, Food, Bakeries",
    }
    (raw / "yelp_academic_dataset_review.json").write_text(json.dumps(review) + "\n")
    (raw / "yelp_academic_dataset_business.json").write_text(
        json.dumps(business) + "\n" + json.dumps({"business_id": "b2", "attributes": None, "categories": None}) + "\n"
    )
    found = run_ingest(raw, source="yelp")
    assert found.histories() == {"u1": [("b1", 1531001351)]}
    assert found.item("b1") == {
        "item": 1,
        "item_id": "b1",
        "title": "St Honore Pastries",
        "brand": None,
        "categories": ["Restaurants", "Food", "Bakeries"],
        "description": "Philadelphia, PA. RestaurantsTakeOut: true; WiFi: free",
        "price": None,
        "attributes": {"RestaurantsTakeOut": "true", "WiFi": "free", "city": "Philadelphia", "state": "PA"},
    }


YELP_REVIEW = {"user_id": "u", "business_id": "b", "stars": 5, "date": "2011-01-20"}
YELP = {
    "lists": (["Accountants", "Tax Services, etc"], ["Take Out: true", "Price Range: 2", "Smoking: False"]),
    "text and a mapping": ("Accountants, Tax Services", {"TakeOut": "True", "WiFi": "u'free'", "Alcohol": "None"}),
    "nested mapping": ("Accountants", {"Take-out": True, "Parking": {"garage": True}, "Price Range": 2}),
    "nothing": (None, None),
}  # fmt: skip
YELP_EXPECTED = {
    "lists": (["Accountants", "Tax Services, etc"], {"Price Range": "2", "Take Out": "true"}),
    "text and a mapping": (["Accountants", "Tax Services"], {"TakeOut": "true", "WiFi": "free"}),
    "nested mapping": (["Accountants"], {"Price Range": "2", "Take-out": "true"}),
    "nothing": ([], {}),
}


@pytest.mark.parametrize("release", YELP)
def test_every_release_of_yelp(raw, run_ingest, release):
    categories, attributes = YELP[release]
    business = {"business_id": "b", "name": "N", "city": "C", "state": "S", "is_open": 1, "stars": 4.5}
    (raw / "x_review.json").write_text(json.dumps(YELP_REVIEW))
    (raw / "x_business.json").write_text(json.dumps(business | {"categories": categories, "attributes": attributes}))
    item = run_ingest(raw, source="yelp").item("b")
    expected, told = YELP_EXPECTED[release]
    assert (item["categories"], item["attributes"]) == (expected, told | {"city": "C", "state": "S"})
    assert item["description"] == "C, S" + "".join([". "] * bool(told)) + "; ".join(
        f"{name}: {item['attributes'][name]}" for name in attributes_in_order(attributes) if name in told
    )


def attributes_in_order(attributes) -> list[str]:
    if isinstance(attributes, list):
        return [part.partition(":")[0] for part in attributes]
    return list(attributes or [])
