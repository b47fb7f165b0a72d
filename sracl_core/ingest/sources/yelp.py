"""Yelp's academic data set: `yelp_academic_dataset_review.json` and `yelp_academic_dataset_business.json`.

A business has no maker, so no brand, and no description; one is made of its city and its attributes. Stars and
number of reviews of a business are left out: they count reviews after the training part too. Source:
https://business.yelp.com/data/resources/open-dataset/
"""

from sracl_core.ingest.files import RawFolder
from sracl_core.ingest.records import JsonLines
from sracl_core.ingest.sources.protocol import FunctionSource, InteractionLayout, ItemLayout, Layout
from sracl_core.params.data import DataParams

COLUMNS = ("user_id", "business_id", "stars", "date")
BUSINESS = ("business_id", "name", "city", "state", "categories", "attributes")


def locate(folder: RawFolder, data: DataParams) -> Layout:
    """See Source."""
    reviews = folder.find(("*_review.json", "review.json"), "interactions", data.interactions_file)
    business = folder.find(("*_business.json", "business.json"), "items", data.items_file)
    user, item, rating, timestamp = COLUMNS
    items = JsonLines(business, BUSINESS)
    field = items.field
    # Values are Python texts (u'free', None); groups of values ({'garage': False, …}) say too much for a sentence.
    told = f"""list_filter(list_transform(map_entries(json_map({field("attributes")}, [])),
        lambda e: {{'key': e.key, 'value': regexp_replace(e.value, '^u?''(.*)''$', '\\1')}}),
        lambda e: NOT starts_with(e.value, '{{') AND lower(e.value) NOT IN ('none', 'false'))"""
    place = f"concat_ws(', ', tidy({field('city')}), tidy({field('state')}))"
    said = f"array_to_string(list_transform({told}, lambda e: e.key || ': ' || e.value), '; ')"
    return Layout(
        InteractionLayout(JsonLines(reviews, COLUMNS), user, item, timestamp, rating),
        ItemLayout(
            items,
            item,
            title=f"tidy({field('name')})",
            categories=f"categories_of(string_split({field('categories')}, ', '))",
            description=f"tidy(concat_ws('. ', tidy({place}), tidy({said})))",
            attributes=f"""tidy_map(
                list_concat(['city', 'state'], list_transform({told}, lambda e: e.key)),
                list_concat([{field("city")}, {field("state")}], list_transform({told}, lambda e: e.value)))""",
        ),
    )


PLUGIN = FunctionSource(locate)
