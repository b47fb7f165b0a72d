"""Amazon Reviews 2014: `reviews_*.json.gz` (JSON or Python literals) and `meta_*.json.gz` (Python literals).

The sales rank is left out: it counts what was bought after the training part too. Source: McAuley et al.,
https://cseweb.ucsd.edu/~jmcauley/datasets/amazon/links.html
"""

from sracl_core.ingest.raw.delimited import Delimited
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.json_records import JsonRecords
from sracl_core.ingest.raw.records import Records
from sracl_core.ingest.sources.protocol import FunctionSource, InteractionLayout, ItemLayout, Layout
from sracl_core.ingest.text.allowed import AMAZON2014
from sracl_core.params.data import DataParams

COLUMNS = ("reviewerID", "asin", "overall", "unixReviewTime")
META = ("asin", "title", "brand", "categories", "description", "price")


def locate(folder: RawFolder, data: DataParams) -> Layout:
    """See Source. A file of ratings alone (`ratings_*.csv`: user, item, rating, timestamp) does as well."""
    reviews = folder.find(("reviews_*.json", "ratings_*.csv"), "interactions", data.interactions_file)
    meta = folder.find_optional(("meta_*.json",), "items", data.items_file)
    user, item, rating, timestamp = COLUMNS
    records: Records = JsonRecords(reviews, COLUMNS, literals=True)
    if reviews.kind == "csv":
        records = Delimited(reviews, (user, item, rating, timestamp), delimiter=",")
    return Layout(
        InteractionLayout(records, user, item, timestamp, rating),
        _items(meta) if meta else None,
        looked_for="meta_*.json",
    )


def _items(meta: RawFile) -> ItemLayout:
    items = JsonRecords(meta, META, literals=True)
    field = items.field
    return ItemLayout(
        items,
        META[0],
        title=field("title"),
        brand=field("brand"),
        categories=field("categories"),
        description=(field("description"),),
        price=field("price"),
    )


PLUGIN = FunctionSource(locate, AMAZON2014)
