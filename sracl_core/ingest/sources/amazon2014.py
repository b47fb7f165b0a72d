"""Amazon Reviews 2014: `reviews_*.json.gz` (JSON or Python literals) and `meta_*.json.gz` (Python literals).

Source: McAuley et al., https://cseweb.ucsd.edu/~jmcauley/datasets/amazon/links.html
"""

from sracl_core.ingest.files import RawFolder
from sracl_core.ingest.records import Delimited, JsonLines, Records
from sracl_core.ingest.sources.protocol import FunctionSource, InteractionLayout, ItemLayout, Layout
from sracl_core.params.data import DataParams

COLUMNS = ("reviewerID", "asin", "overall", "unixReviewTime")
META = ("asin", "title", "brand", "categories", "description", "price", "salesRank")


def locate(folder: RawFolder, data: DataParams) -> Layout:
    """See Source. A file of ratings alone (`ratings_*.csv`: user, item, rating, timestamp) does as well."""
    reviews = folder.find(("reviews_*.json", "ratings_*.csv"), "interactions", data.interactions_file)
    meta = folder.find(("meta_*.json",), "items", data.items_file)
    user, item, rating, timestamp = COLUMNS
    records: Records = JsonLines(reviews, COLUMNS, literals=True)
    if reviews.kind == "csv":
        records = Delimited(reviews, (user, item, rating, timestamp), delimiter=",")
    items = JsonLines(meta, META, literals=True)
    field = items.field
    # {"Beauty": 123} becomes "Beauty: 123".
    ranks = f"map_entries(json_map({field('salesRank')}, []))"
    rank = f"array_to_string(list_transform({ranks}, lambda e: e.key || ': ' || e.value), '; ')"
    return Layout(
        InteractionLayout(records, user, item, timestamp, rating),
        ItemLayout(
            items,
            item,
            title=f"tidy({field('title')})",
            brand=f"tidy({field('brand')})",
            categories=f"categories_of(json_list({field('categories')}))",
            description=f"joined({field('description')})",
            price=f"tidy({field('price')})",
            attributes=f"tidy_map(['sales_rank'], [{rank}])",
        ),
    )


PLUGIN = FunctionSource(locate)
