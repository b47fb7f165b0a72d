"""Amazon Reviews 2023: `Office_Products.jsonl.gz` (or the ratings as CSV) and `meta_Office_Products.jsonl.gz`.

Average rating and number of ratings are left out, and so is what `details` tells of ranks and reviews: they count what
happened after the training part too. Source: Hou et al., arXiv 2403.03952, https://amazon-reviews-2023.github.io/
"""

from functools import partial

from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.headers import delimited_with_header
from sracl_core.ingest.raw.json_records import JsonRecords
from sracl_core.ingest.raw.records import Records
from sracl_core.ingest.sources.protocol import FunctionSource, InteractionLayout, ItemLayout, Layout, spread
from sracl_core.ingest.text.allowed import AMAZON2023
from sracl_core.params.data import DataParams

COLUMNS = ("user_id", "parent_asin", "rating", "timestamp")
META = ("parent_asin", "title", "store", "categories", "description", "features", "price", "main_category", "details")


def locate(folder: RawFolder, data: DataParams) -> Layout:
    """See Source."""
    reviews = folder.find(("*.jsonl", "*.csv"), "interactions", data.interactions_file, unless=("meta_*",))
    meta = folder.find_optional(("meta_*.jsonl",), "items", data.items_file)
    user, item, rating, timestamp = COLUMNS
    records: Records = JsonRecords(reviews, COLUMNS)
    if reviews.kind == "csv":
        records = delimited_with_header(reviews, COLUMNS, (",",))
    return Layout(
        InteractionLayout(records, user, item, timestamp, rating),
        _items(meta) if meta else None,
        looked_for="meta_*.jsonl",
    )


def _items(meta: RawFile) -> ItemLayout:
    items = JsonRecords(meta, META)
    field = items.field
    return ItemLayout(
        items,
        META[0],
        title=field("title"),
        brand=field("store"),
        categories=field("categories"),
        description=(field("description"), field("features")),
        price=field("price"),
        attributes=f"tidy_map(['main_category', 'details'], [{field('main_category')}, {field('details')}])",
        read_attributes=partial(spread, own=frozenset({"details"})),
    )


PLUGIN = FunctionSource(locate, AMAZON2023)
