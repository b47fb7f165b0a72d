"""Amazon Reviews 2023: `Office_Products.jsonl.gz` (or the ratings as CSV) and `meta_Office_Products.jsonl.gz`.

Average rating and number of ratings are left out: they count reviews after the training part too. Source: Hou et al.,
arXiv 2403.03952, https://amazon-reviews-2023.github.io/
"""

from sracl_core.ingest.files import RawFolder
from sracl_core.ingest.records import JsonLines, Records
from sracl_core.ingest.sources.headers import delimited_with_header
from sracl_core.ingest.sources.protocol import FunctionSource, InteractionLayout, ItemLayout, Layout
from sracl_core.params.data import DataParams

COLUMNS = ("user_id", "parent_asin", "rating", "timestamp")
META = ("parent_asin", "title", "store", "categories", "description", "features", "price", "main_category", "details")
TICKS = 1000  # timestamps are in milliseconds


def locate(folder: RawFolder, data: DataParams) -> Layout:
    """See Source."""
    reviews = folder.find(("*.jsonl", "*.csv"), "interactions", data.interactions_file, unless=("meta_*",))
    meta = folder.find(("meta_*.jsonl",), "items", data.items_file)
    user, item, rating, timestamp = COLUMNS
    records: Records = JsonLines(reviews, COLUMNS)
    if reviews.kind == "csv":
        records = delimited_with_header(reviews, COLUMNS, (",",))
    items = JsonLines(meta, META)
    field = items.field
    details = f"json_map({field('details')}, [])"
    return Layout(
        InteractionLayout(records, user, item, timestamp, rating, ticks=TICKS),
        ItemLayout(
            items,
            item,
            title=f"tidy({field('title')})",
            brand=f"tidy({field('store')})",
            categories=f"categories_of(json_list({field('categories')}))",
            description=f"tidy(concat_ws(' ', joined({field('description')}), joined({field('features')})))",
            price=f"tidy({field('price')})",
            attributes=f"""tidy_map(list_concat(['main_category'], map_keys({details})),
                list_concat([{field("main_category")}], map_values({details})))""",
        ),
    )


PLUGIN = FunctionSource(locate)
