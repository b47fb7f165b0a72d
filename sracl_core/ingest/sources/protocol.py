"""What a source is: it finds its files in a folder, and says which field of a record means what.

Everything else (reading, checking, rejecting, making text of the cells) is the same for all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.records import Records
from sracl_core.ingest.values.attributes import flattened
from sracl_core.params.data import DataParams

NO_TEXT = "NULL::VARCHAR"
NO_MAP = "MAP {}::MAP(VARCHAR, VARCHAR)"

# Cells by name → attributes, (name, value) each.
ReadAttributes = Callable[[Mapping[str, str]], list[tuple[str, str]]]


@dataclass(frozen=True)
class InteractionLayout:
    """Which column of `records` is the user, the item, the timestamp and the rating.

    A timestamp is a number or an ISO date (see `timestamps.py`); None takes the order of the file. `rating` None: there
    is none.
    """

    records: Records
    user: str
    item: str
    timestamp: str | None
    rating: str | None


def spread(cells: Mapping[str, str], own: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """Return the attributes in `cells`: an object in a cell is one attribute for each of its keys.

    The keys of an object in a cell named in `own` stand for themselves; others have the cell's name before them.
    """
    found = []
    for name, text in cells.items():
        pairs = flattened(name, text)
        found += [(key.removeprefix(f"{name}."), value) for key, value in pairs] if name in own else pairs
    return found


@dataclass(frozen=True)
class ItemLayout:
    """Which column of `records` is the item's id, and SQL for the text of its other cells (see `Records.field`).

    A list in a cell may be printed in any way that `text.lists` reads; otherwise `parted_by` is the pattern between
    categories. The texts of `description` are joined. `attributes` is a MAP of cells by name, of which
    `read_attributes` makes attributes; `tells_attributes`: they are told in the description too.
    `remarks` are sentences that a person should read.
    """

    records: Records
    item: str
    title: str = NO_TEXT
    brand: str = NO_TEXT
    categories: str = NO_TEXT
    parted_by: str | None = None
    description: tuple[str, ...] = ()
    price: str = NO_TEXT
    attributes: str = NO_MAP
    read_attributes: ReadAttributes = spread
    tells_attributes: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Everything a source knows: the interactions, and the catalogue if there is one."""

    interactions: InteractionLayout
    items: ItemLayout | None
    looked_for: str = ""  # the names of a catalogue, where there is none

    @property
    def paths(self) -> list[Path]:
        """The files on disk that are read, sorted."""
        parts = [self.interactions.records.file]
        if self.items is not None:
            parts.append(self.items.records.file)
        return sorted({file.path for file in parts})


class Source(Protocol):
    """A raw format; `PLUGIN` of each module here, or `package.module:Name` from elsewhere.

    `allowed` are the fields that may become attributes of an item (see `text.allowed`); None lets all of them.
    """

    allowed: frozenset[str] | None

    def locate(self, folder: RawFolder, data: DataParams) -> Layout:
        """Find the files in `folder` and say what they hold.

        Raises DataError, naming what was looked for and what was found, when a file or a column is missing.
        """
        ...


@dataclass(frozen=True)
class FunctionSource:
    """A source that is one function."""

    locate: Callable[[RawFolder, DataParams], Layout]
    allowed: frozenset[str] | None = field(default=frozenset())
