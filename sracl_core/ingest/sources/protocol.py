"""What a source is: it finds its files in a folder, and says which field of a record means what.

Everything else (reading, checking, rejecting) is the same for all of them, in `staging.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sracl_core.ingest.files import RawFolder
from sracl_core.ingest.records import Records
from sracl_core.params.data import DataParams

NO_TEXT = "NULL::VARCHAR"
NO_LIST = "[]::VARCHAR[]"
NO_MAP = "MAP {}::MAP(VARCHAR, VARCHAR)"


@dataclass(frozen=True)
class InteractionLayout:
    """Which column of `records` is the user, the item, the timestamp and the rating.

    `timestamp` counts `ticks` a second since 1970, or is an ISO date; None takes the order of the file. `rating` None:
    there is none.
    """

    records: Records
    user: str
    item: str
    timestamp: str | None
    rating: str | None
    ticks: int = 1


@dataclass(frozen=True)
class ItemLayout:
    """Which column of `records` is the item's id, and SQL for the rest (see `Records.field` and `sql.MACROS`).

    Texts are VARCHAR, `categories` a VARCHAR[], `attributes` a MAP(VARCHAR, VARCHAR) with sorted keys.
    """

    records: Records
    item: str
    title: str = NO_TEXT
    brand: str = NO_TEXT
    categories: str = NO_LIST
    description: str = NO_TEXT
    price: str = NO_TEXT
    attributes: str = NO_MAP


@dataclass(frozen=True)
class Layout:
    """Everything a source knows: the interactions, and the catalogue if there is one."""

    interactions: InteractionLayout
    items: ItemLayout | None

    @property
    def paths(self) -> list[Path]:
        """The files on disk that are read, sorted."""
        parts = [self.interactions.records.file]
        if self.items is not None:
            parts.append(self.items.records.file)
        return sorted({file.path for file in parts})


class Source(Protocol):
    """A raw format; `PLUGIN` of each module here, or `package.module:Name` from elsewhere."""

    def locate(self, folder: RawFolder, data: DataParams) -> Layout:
        """Find the files in `folder` and say what they hold.

        Raises DataError, naming what was looked for and what was found, when a file or a column is missing.
        """
        ...


@dataclass(frozen=True)
class FunctionSource:
    """A source that is one function."""

    locate: Callable[[RawFolder, DataParams], Layout]
