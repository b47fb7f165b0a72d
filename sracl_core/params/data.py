"""Sections `sample`, `data` and `split`: what is read, and how it is cut into training, validation and test."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sracl_core.ground.plugins import check_name
from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.kinds import MOST_COLUMNS, ColumnText, Seed, Share, Text
from sracl_core.params.reading.report import got
from sracl_core.params.reading.section import Section, runtime_only

# The registry of data sources: one module each in sracl_core/ingest/sources/.
SOURCES = ("table", "amazon2014", "amazon2018", "amazon2023", "yelp", "movielens", "recbole")

MOST_PAIRS = 100_000_000  # of shoppers and items in the sample: some gigabytes while it is made

SourceName = Annotated[Text, AfterValidator(lambda name: check_name(name, SOURCES))]


def _column_name(value: Any) -> Any:
    """A number names a column of a file without a header line: 1 is the first."""
    if type(value) is int and not 1 <= value <= MOST_COLUMNS:
        raise ValueError(f"columns are counted from 1 to at most {MOST_COLUMNS}, {got(value)}")
    if isinstance(value, str) and not value.strip():
        raise ValueError("expected the name of a column; leave it empty where there is none")
    return str(value) if type(value) is int else value


def _iso_text(value: Any) -> Any:
    """A date as text: DVC cannot read one that YAML takes for a date; a year alone is told as a wrong date."""
    if isinstance(value, date):
        raise ValueError(f'write the date in quotes, "{value.isoformat()}": DVC cannot read it without them')
    return str(value) if type(value) is int and 0 <= value <= 9999 else value


def _check_iso(text: str) -> str:
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d.*)?", text):
            raise ValueError(text)
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f'expected an ISO date such as "2019-01-01", or with a time "2019-01-01T12:00:00", got {text!r}'
        ) from None
    return text


def _check_delimiter(text: str) -> str:
    text = text.replace("\\t", "\t")
    if not text:
        raise ValueError("expected at least one sign, such as ';' or '::'; leave it empty to find it")
    if any(sign.isalnum() or sign in '\\"\r\n\0' for sign in text):
        raise ValueError(
            "fields cannot be parted by letters, digits, quotes, backslashes or line ends; expected signs such as ';', "
            f"'::' or a tab (\"\\t\"), got {text!r}"
        )
    return text


ColumnName = Annotated[ColumnText, BeforeValidator(_column_name)]
IsoDate = Annotated[str, Field(max_length=40), BeforeValidator(_iso_text), AfterValidator(_check_iso)]
Delimiter = Annotated[str, Field(max_length=16), AfterValidator(_check_delimiter)]


class SampleParams(Section):
    """The built-in sample data set."""

    key: ClassVar[str] = "sample"

    shoppers: int = Field(1500, ge=20, le=1_000_000, description="shoppers to generate")
    items: int = Field(800, ge=20, le=1_000_000, description="items in the generated catalogue")
    mean_purchases: float = Field(9.0, ge=6, le=1000, description="mean purchases of a shopper")
    seed: Seed = Field(7, description="seed of the generator")

    @model_validator(mode="after")
    def _pairs_fit_memory(self) -> Self:
        if self.shoppers * self.items > MOST_PAIRS:
            raise ValueError(
                f"expected at most {MOST_PAIRS} pairs of shoppers and items, since the generator holds a number for "
                f"each, got {self.shoppers} x {self.items}"
            )
        return self


class ColumnNames(Fields):
    """Which column of your own tables holds what (source `table`). Null: the table has no such column."""

    user: ColumnName = Field("user_id", description="interactions: who")
    item: ColumnName = Field("item_id", description="interactions and items: which item")
    timestamp: ColumnName | None = Field(
        "timestamp", description="interactions: when; null takes the order of the file"
    )
    rating: ColumnName | None = Field(None, description="interactions: how much it was liked")
    catalogue_item: ColumnName | None = Field(
        None, description="items: which item, where its column is not called as in the interactions"
    )
    title: ColumnName | None = Field("title", description="items: name")
    brand: ColumnName | None = Field("brand", description="items: maker")
    categories: ColumnName | None = Field("categories", description="items: a list, or text parted by '|' or ' > '")
    description: ColumnName | None = Field("description", description="items: free text")
    price: ColumnName | None = Field("price", description="items: a number or text")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [self.user, self.item, *filter(None, (self.timestamp, self.rating))]
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if twice:
            raise ValueError(f"user, item, timestamp and rating must be different columns; {twice[0]} is named twice")
        return self


class DataParams(Section):
    """Raw logs and catalogue."""

    key: ClassVar[str] = "data"

    source: SourceName = Field("table", description="format of the raw files")
    path: Text = runtime_only("data/raw/sample", "folder of the raw files")
    interactions_file: Text | None = Field(
        None, description="file in the folder; null finds it by the source's own names"
    )
    items_file: Text | None = Field(None, description="file in the folder; null finds it by the source's own names")
    delimiter: Delimiter | None = Field(
        None, description="between fields of your own text tables; null finds it; ' ' is any run of blanks"
    )
    header: bool = Field(True, description="your own text tables have a header line; false: columns are 1, 2, 3, …")
    columns: ColumnNames = Field(ColumnNames(), description="columns of your own tables")
    attributes: list[ColumnText] | None = Field(
        None,
        max_length=MOST_COLUMNS,
        description="fields that may become attributes; null: those the source allows (own tables: all)",
    )
    timestamp_unit: Literal["auto", "s", "ms", "us", "ns"] = Field(
        "auto", description="unit of numeric timestamps; auto takes the one that puts them between 1970 and 2100"
    )
    from_date: IsoDate | None = Field(
        None, alias="from", description="keep interactions from this ISO date on; null keeps all"
    )
    to_date: IsoDate | None = Field(
        None, alias="to", description="keep interactions up to this ISO date, that day included; null keeps all"
    )
    min_rating: float | None = Field(
        None, ge=-1e9, le=1e9, description="keep interactions rated at least this; null keeps all"
    )
    repeats: Literal["keep", "first", "last"] = Field(
        "keep", description="a user's repeated interactions with one item"
    )
    core_users: int = Field(
        5, ge=1, le=1_000_000, description="interactions a user needs to stay, iterated with core_items"
    )
    core_items: int = Field(5, ge=1, le=1_000_000, description="interactions an item needs to stay")
    max_rejected: Share = runtime_only(0.01, "share of unreadable lines above which ingest fails")

    @model_validator(mode="after")
    def _numbers_without_header(self) -> Self:
        names = self.columns
        named = [name for name in (names.user, names.item, names.timestamp) if name and not name.isdigit()]
        if self.source == "table" and not self.header and named:
            raise ValueError(
                f"header is false, so columns are numbers, counted from 1: set columns.user, item and timestamp to "
                f"them (user: 1), not to {named[0]!r}; leave timestamp empty where there is none"
            )
        return self

    @model_validator(mode="after")
    def _window_in_order(self) -> Self:
        start, end = self.window()
        if start is not None and end is not None and start >= end:
            raise ValueError(
                f"from ({self.from_date}) must not be later than to ({self.to_date}): nothing would be left"
            )
        return self

    def window(self) -> tuple[int | None, int | None]:
        """Return the microseconds since 1970 from which, and below which, interactions are kept; None: no bound.

        A date is a whole day, a time a moment of its own; both are in UTC where they name no zone.
        """
        start = _moment(self.from_date) if self.from_date is not None else None
        end = None
        if self.to_date is not None:
            whole_day = not re.search("[T ]", self.to_date)
            end = _moment(self.to_date) + (DAY_US if whole_day else 1)
        return start, end


DAY_US = 86_400_000_000


def _moment(text: str) -> int:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return (found - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


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
