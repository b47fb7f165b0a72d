"""Amazon Reviews 2018: `Office_Products_5.json.gz` and `meta_Office_Products.json.gz`, JSON lines.

Source: Ni et al., EMNLP 2019, https://nijianmo.github.io/amazon/
"""

from sracl_core.ingest.files import RawFolder
from sracl_core.ingest.records import Delimited, JsonLines, Records
from sracl_core.ingest.sources.protocol import FunctionSource, InteractionLayout, ItemLayout, Layout
from sracl_core.params.data import DataParams

COLUMNS = ("reviewerID", "asin", "overall", "unixReviewTime")
META = ("asin", "title", "brand", "category", "description", "price", "rank")


def locate(folder: RawFolder, data: DataParams) -> Layout:
    """See Source. A file of ratings alone (`Office_Products.csv`: item, user, rating, timestamp) does as well."""
    reviews = folder.find(("*.json", "*.csv"), "interactions", data.interactions_file, unless=("meta_*",))
    meta = folder.find(("meta_*.json",), "items", data.items_file)
    user, item, rating, timestamp = COLUMNS
    records: Records = JsonLines(reviews, COLUMNS)
    if reviews.kind == "csv":
        records = Delimited(reviews, (item, user, rating, timestamp), delimiter=",")
    items = JsonLines(meta, META)
    field = items.field
    return Layout(
        InteractionLayout(records, user, item, timestamp, rating),
        ItemLayout(
            items,
            item,
            title=f"tidy({field('title')})",
            brand=f"tidy({field('brand')})",
            categories=f"categories_of(json_list({field('category')}))",
            description=f"joined({field('description')})",
            price=f"tidy({field('price')})",
            attributes=f"tidy_map(['sales_rank'], [joined({field('rank')})])",
        ),
    )


PLUGIN = FunctionSource(locate)
