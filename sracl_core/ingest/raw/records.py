"""What every form of a raw file comes to: a query of numbered records, each with a list of text fields.

A form gives DuckDB a query of (record, line, text, damage, fields): `record` counts the records from 1, `line` is the
line that a record begins in (several may begin in one), `fields` is a list of texts, one a column, and `damage` says
why a record cannot be read, else null.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import duckdb

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.lines import Remarks, TextReader
from sracl_core.ingest.raw.session import Session
from sracl_core.params.reading.kinds import MOST_COLUMNS


@dataclass(frozen=True)
class Records(ABC):
    """The records of `file`, with named `columns`; a list or an object in a field is told in JSON.

    Raises DataError where there are more columns than any table has, since each becomes a part of a statement.
    """

    file: RawFile
    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.columns) > MOST_COLUMNS:
            raise DataError(
                f"{self.file.name} has {len(self.columns)} columns; expected at most {MOST_COLUMNS}. If it is the "
                "right file, write it again with the columns that data.sources.table.columns names."
            )

    def field(self, column: str) -> str:
        """Return the SQL for the text of `column` in a record."""
        return f"fields[{self.columns.index(column) + 1}]"

    @abstractmethod
    def load(self, session: Session, statement: str) -> Remarks:
        """Run `statement`, in which `{records}` stands for the query of records; return what else is to be said."""


def load_text(session: Session, lines: TextReader, statement: str) -> Remarks:
    """Run `statement`, in which the table `lines` is what `lines` reads."""
    session.connection.register("lines", lines.reader())
    try:
        session.run(statement)
    except (duckdb.Error, DataError):
        if lines.error is not None:
            raise lines.error from None
        raise
    finally:
        session.connection.unregister("lines")
    return lines.remarks
