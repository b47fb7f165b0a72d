"""Amazon Reviews 2018: `Office_Products_5.json.gz` and `meta_Office_Products.json.gz`, JSON lines.

The rank is left out: it counts what was bought after the training part too. Source: Ni et al., EMNLP 2019,
https://nijianmo.github.io/amazon/
"""

from sracl_core.ingest.raw.delimited import Delimited
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.json_records import JsonRecords
from sracl_core.ingest.raw.records import Records
from sracl_core.ingest.sources.protocol import FunctionSource, InteractionLayout, ItemLayout, Layout
from sracl_core.ingest.text.allowed import AMAZON2018
from sracl_core.params.data import DataParams

COLUMNS = ("reviewerID", "asin", "overall", "unixReviewTime")
META = ("asin", "title", "brand", "category", "description", "price")


def locate(folder: RawFolder, data: DataParams) -> Layout:
    """See Source. A file of ratings alone (`Office_Products.csv`: item, user, rating, timestamp) does as well."""
    reviews = folder.find(("*.json", "*.csv"), "interactions", data.interactions_file, unless=("meta_*",))
    meta = folder.find_optional(("meta_*.json",), "items", data.items_file)
    user, item, rating, timestamp = COLUMNS
    records: Records = JsonRecords(reviews, COLUMNS)
    if reviews.kind == "csv":
        records = Delimited(reviews, (item, user, rating, timestamp), delimiter=",")
    return Layout(
        InteractionLayout(records, user, item, timestamp, rating),
        _items(meta) if meta else None,
        looked_for="meta_*.json",
    )


def _items(meta: RawFile) -> ItemLayout:
    items = JsonRecords(meta, META)
    field = items.field
    return ItemLayout(
        items,
        META[0],
        title=field("title"),
        brand=field("brand"),
        categories=field("category"),
        description=(field("description"),),
        price=field("price"),
    )


PLUGIN = FunctionSource(locate, AMAZON2018)
