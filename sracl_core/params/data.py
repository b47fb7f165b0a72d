"""Section `data`: what is read, and what of it is kept."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sracl_core.ground.plugins import load_outside
from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.groups import Kind, PartParams, chosen_group, chosen_part
from sracl_core.params.reading.kinds import MOST_COLUMNS, ColumnText, Share, Text
from sracl_core.params.reading.report import got
from sracl_core.params.reading.section import Section, runtime_only


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


class TableParams(PartParams):
    """Tables of your own (source `table`)."""

    delimiter: Delimiter | None = Field(
        None, description="between fields of text tables; null finds it; ' ' is any run of blanks"
    )
    header: bool = Field(True, description="text tables have a header line; false: columns are 1, 2, 3, …")
    columns: ColumnNames = Field(ColumnNames(), description="what the columns are called")

    @model_validator(mode="after")
    def _numbers_without_header(self) -> Self:
        names = self.columns
        named = [name for name in (names.user, names.item, names.timestamp) if name and not name.isdigit()]
        if not self.header and named:
            raise ValueError(
                f"header is false, so columns are numbers, counted from 1: set columns.user, item and timestamp to "
                f"them (user: 1), not to {named[0]!r}; leave timestamp empty where there is none"
            )
        return self


TABLE = "table"  # the only source of which nothing is known beforehand
# The registry of data sources: one module each in sracl_core/ingest/sources/.
SOURCES: dict[str, type[Fields]] = {
    TABLE: TableParams,
    "amazon2014": PartParams,
    "amazon2018": PartParams,
    "amazon2023": PartParams,
    "yelp": PartParams,
    "movielens": PartParams,
    "recbole": PartParams,
}

SOURCE = Kind(
    *("source", "sources", tuple(SOURCES)),
    load=lambda name: load_outside("sracl_core.ingest.sources", name),
    declared=SOURCES,
)


class DataParams(Section):
    """Raw logs and catalogue."""

    key: ClassVar[str] = "data"
    kinds: ClassVar[tuple[Kind, ...]] = (SOURCE,)

    source: Text = Field(TABLE, description="format of the raw files, a group of `sources`")
    sources: Any = Field(default_factory=SOURCE.shipped, description="parameters of every source")
    path: Text = runtime_only("data/raw/sample", "folder of the raw files")
    interactions_file: Text | None = Field(
        None, description="file in the folder; null finds it by the source's own names"
    )
    items_file: Text | None = Field(None, description="file in the folder; null finds it by the source's own names")
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
    def _window_in_order(self) -> Self:
        start, end = self.window()
        if start is not None and end is not None and start >= end:
            raise ValueError(
                f"from ({self.from_date}) must not be later than to ({self.to_date}): nothing would be left"
            )
        return self

    @property
    def source_part(self) -> str:
        """The source that is chosen: a name that comes along, or an import path."""
        return chosen_part(self, SOURCE)

    @property
    def source_params(self) -> Any:
        """The parameters of the source that is chosen, of its own class."""
        return chosen_group(self, SOURCE)

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
