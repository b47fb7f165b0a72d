"""Sections `sample`, `data` and `split`: what is read, and how it is cut into training, validation and test."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sracl_core.params.section import Fields, Section, runtime_only
from sracl_core.plugins import check_name

# The registry of data sources: one module each in sracl_core/ingest/sources/.
SOURCES = ("table", "amazon2014", "amazon2018", "amazon2023", "yelp", "movielens", "recbole")

SourceName = Annotated[str, AfterValidator(lambda name: check_name(name, SOURCES))]


class SampleParams(Section):
    """The built-in sample data set."""

    key: ClassVar[str] = "sample"

    shoppers: int = Field(1500, ge=20, description="shoppers to generate")
    items: int = Field(800, ge=20, description="items in the generated catalogue")
    mean_purchases: float = Field(9.0, ge=6, description="mean purchases of a shopper")
    seed: int = Field(7, ge=0, description="seed of the generator")


class ColumnNames(Fields):
    """Which column of your own tables holds what (source `table`). Null: the table has no such column."""

    user: str = Field("user_id", description="interactions: who")
    item: str = Field("item_id", description="interactions and items: which item")
    timestamp: str | None = Field("timestamp", description="interactions: when; null takes the order of the file")
    rating: str | None = Field(None, description="interactions: how much it was liked")
    title: str | None = Field("title", description="items: name")
    brand: str | None = Field("brand", description="items: maker")
    categories: str | None = Field("categories", description="items: a list, or text parted by '|' or ' > '")
    description: str | None = Field("description", description="items: free text")
    price: str | None = Field("price", description="items: a number or text")


class DataParams(Section):
    """Raw logs and catalogue."""

    key: ClassVar[str] = "data"

    source: SourceName = Field("table", description="format of the raw files")
    path: str = runtime_only("data/raw/sample", "folder of the raw files")
    interactions_file: str | None = Field(
        None, description="file in the folder; null finds it by the source's own names"
    )
    items_file: str | None = Field(None, description="file in the folder; null finds it by the source's own names")
    columns: ColumnNames = Field(ColumnNames(), description="columns of your own tables")
    min_rating: float | None = Field(None, description="keep interactions rated at least this; null keeps all")
    repeats: Literal["keep", "first", "last"] = Field(
        "keep", description="a user's repeated interactions with one item"
    )
    core_users: int = Field(5, ge=1, description="interactions a user needs to stay, iterated with core_items")
    core_items: int = Field(5, ge=1, description="interactions an item needs to stay")
    max_rejected: float = runtime_only(0.01, "share of unreadable lines above which ingest fails", ge=0, le=1)


class SplitParams(Section):
    """How each user's history is cut."""

    key: ClassVar[str] = "split"

    method: Literal["leave_one_out", "timeline"] = Field(
        "leave_one_out", description="last items, or two dates for all"
    )
    valid_share: float = Field(0.1, gt=0, lt=1, description="timeline: share of interactions in the validation window")
    test_share: float = Field(0.1, gt=0, lt=1, description="timeline: share of interactions in the test window")

    @model_validator(mode="after")
    def _something_left(self) -> Self:
        if self.valid_share + self.test_share >= 1:
            raise ValueError("valid_share + test_share must stay below 1, or nothing is left to train on")
        return self
