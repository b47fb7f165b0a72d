"""Yelp's academic data set: `yelp_academic_dataset_review.json` and `yelp_academic_dataset_business.json`.

A business has no maker, so no brand, and no description; one is made of its city and its attributes. Its stars, its
number of reviews and whether it is still open are left out: they tell of what happened after the training part too.
Source: https://business.yelp.com/data/resources/open-dataset/
"""

from collections.abc import Mapping

from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.json_records import JsonRecords
from sracl_core.ingest.sources.protocol import FunctionSource, InteractionLayout, ItemLayout, Layout
from sracl_core.ingest.text.allowed import YELP
from sracl_core.ingest.values.attributes import flattened
from sracl_core.ingest.values.lists import listed
from sracl_core.params.data import DataParams

COLUMNS = ("user_id", "business_id", "stars", "date")
BUSINESS = ("business_id", "name", "city", "state", "categories", "attributes")


def locate(folder: RawFolder, data: DataParams) -> Layout:
    """See Source."""
    reviews = folder.find(("*_review.json", "review.json"), "interactions", data.interactions_file)
    business = folder.find_optional(("*_business.json", "business.json"), "items", data.items_file)
    user, item, rating, timestamp = COLUMNS
    return Layout(
        InteractionLayout(JsonRecords(reviews, COLUMNS), user, item, timestamp, rating),
        _items(business) if business else None,
        looked_for="*_business.json",
    )


def _items(business: RawFile) -> ItemLayout:
    items = JsonRecords(business, BUSINESS)
    field = items.field
    cells = ", ".join(field(name) for name in ("city", "state", "attributes"))
    return ItemLayout(
        items,
        BUSINESS[0],
        title=field("name"),
        categories=field("categories"),
        parted_by=", ",
        description=(f"concat_ws(', ', tidy({field('city')}), tidy({field('state')}))",),
        attributes=f"tidy_map(['city', 'state', 'attributes'], [{cells}])",
        read_attributes=read_attributes,
        tells_attributes=True,
    )


def read_attributes(cells: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return city, state, and the attributes that say something: no groups of values, and nothing that is false.

    Newer releases have an object of texts as Python prints them (`{"WiFi": "u'free'"}`), older ones nested objects or a
    list of texts (`["Take Out: true"]`).
    """
    found = [(name, cells[name]) for name in ("city", "state") if name in cells]
    text = cells.get("attributes", "")
    parts = listed(text)
    if parts is not None:
        split = [part.partition(":") for part in parts.parts]
        pairs = [(name.strip(), value.strip()) for name, colon, value in split if colon]
    else:
        nested = [(name.removeprefix("attributes."), value) for name, value in flattened("attributes", text)]
        pairs = [(name, value) for name, value in nested if "." not in name]
    return found + [(name, value) for name, value in pairs if value.lower() not in ("", "none", "false")]


PLUGIN = FunctionSource(locate, YELP)
