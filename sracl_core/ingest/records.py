"""How the records of one file become fields: delimited text, JSON lines, Parquet.

Each form gives DuckDB the same thing, a query of (line, text, damage, fields): `fields` is a list of texts, one a
column, `damage` says why a record cannot be read, else null.
"""

# ruff: noqa: S608 - statements are put together from code; values of users and files go through sql.text.

from abc import ABC, abstractmethod
from dataclasses import dataclass
from shutil import copyfileobj

import duckdb
from duckdb.func import FunctionNullHandling, PythonUDFType

from sracl_core.errors import DataError
from sracl_core.ingest import sql
from sracl_core.ingest.files import RawFile
from sracl_core.ingest.lines import LineReader
from sracl_core.ingest.literals import literals_as_json
from sracl_core.ingest.session import Session


@dataclass(frozen=True)
class Records(ABC):
    """The records of `file`, with named `columns`."""

    file: RawFile
    columns: tuple[str, ...]

    def field(self, column: str) -> str:
        """Return the SQL for the text of `column` in a record."""
        return f"fields[{self.columns.index(column) + 1}]"

    @abstractmethod
    def load(self, session: Session, statement: str) -> int:
        """Run `statement`, in which `{records}` stands for the query of records; return the blank lines left out."""


@dataclass(frozen=True)
class Delimited(Records):
    """Text with one record a line and `delimiter` between fields.

    `quoted`: a field in double quotes may hold the delimiter, line breaks, and quotes written twice (RFC 4180).
    Records up to line `header_line` are skipped. `latin1`: a line that isn't UTF-8 is Latin-1.
    """

    delimiter: str
    quoted: bool = False
    header_line: int = 0
    latin1: bool = False

    def load(self, session: Session, statement: str) -> int:
        """See Records."""
        count = len(self.columns)
        query = f"""
            SELECT line, text, fields,
                CASE WHEN damage IS NOT NULL THEN damage
                     WHEN fields IS NULL THEN 'a quoted field is not closed, or text follows its closing quote'
                     WHEN len(fields) <> {count} THEN 'expected {count} columns, found ' || len(fields) END AS damage
            FROM (SELECT line, text, damage, {self._split()} AS fields FROM lines WHERE line > {self.header_line})"""
        lines = LineReader(self.file, delimiter=self.delimiter if self.quoted else None, latin1=self.latin1)
        return _load_lines(session, lines, statement.replace("{records}", query))

    def _split(self) -> str:
        plain = f"string_split(text, {sql.text(self.delimiter)})"
        if not self.quoted:
            return plain
        mark = "\\" + self.delimiter
        # A field: in quotes, or beginning with anything else.
        field = rf'"(?:[^"]|"")*"|[^"{mark}][^{mark}]*|'
        whole = sql.text(f"(?:(?:{field}){mark})*(?:{field})")
        each = sql.text(f"({field}){mark}")
        unquoted = "if(starts_with(f, '\"'), replace(f[2:-2], '\"\"', '\"'), f)"
        return f"""CASE WHEN NOT contains(text, '"') THEN {plain}
            WHEN regexp_full_match(text, {whole})
            THEN list_transform(regexp_extract_all(text || {sql.text(self.delimiter)}, {each}, 1), lambda f: {unquoted})
            END"""


@dataclass(frozen=True)
class JsonLines(Records):
    """One JSON object a line; a column is a key of it, and the column `$` the whole object.

    `literals`: a line that isn't JSON may be a Python literal instead.
    """

    literals: bool = False

    def load(self, session: Session, statement: str) -> int:
        """See Records."""
        paths = [column if column == "$" else _pointer(column) for column in self.columns]
        read, expected = "text", "is not a JSON object"
        if self.literals:
            read, expected = (
                "if(json_valid(text), text, literal_as_json(text))",
                "is neither a JSON object nor a Python dict",
            )
            _register_literals(session)
        query = f"""
            SELECT line, text, damage,
                CASE WHEN damage IS NULL THEN json_extract_string(json, {sql.texts(paths)}) END AS fields
            FROM (
                SELECT line, text, json,
                    CASE WHEN damage IS NOT NULL THEN damage
                         WHEN starts_with(ltrim(json), '{{') AND json_valid(json) THEN NULL
                         ELSE {sql.text(expected)} END AS damage
                FROM (SELECT line, text, damage, {read} AS json FROM lines))"""
        return _load_lines(session, LineReader(self.file), statement.replace("{records}", query))


@dataclass(frozen=True)
class ParquetRows(Records):
    """A Parquet file; `line` is the number of the row, from 1. Lists and structs become JSON."""

    def load(self, session: Session, statement: str) -> int:
        """See Records."""
        path = self.file.path
        if self.file.member is not None:
            path = session.folder / "member.parquet"
            with self.file.open() as (stream, _), path.open("wb") as copy:
                copyfileobj(stream, copy, 1 << 20)
        source = f"read_parquet({sql.text(_literal_path(str(path)))}, file_row_number = true)"
        try:
            kinds = dict(session.rows(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {source})"))
            fields = ", ".join(_as_text(column, kinds[column]) for column in self.columns)
            query = f"""
                SELECT line, array_to_string(fields, ', ') AS text, NULL::VARCHAR AS damage, fields
                FROM (SELECT file_row_number + 1 AS line, [{fields}]::VARCHAR[] AS fields FROM {source})"""
            session.run(statement.replace("{records}", query))
        except duckdb.Error as error:
            raise DataError(f"{self.file.name} cannot be read as Parquet: {error}. Write the file again.") from None
        return 0


def _load_lines(session: Session, lines: LineReader, statement: str) -> int:
    session.connection.register("lines", lines.reader())
    try:
        session.run(statement)
    except (duckdb.Error, DataError):
        if lines.error is not None:
            raise lines.error from None
        raise
    finally:
        session.connection.unregister("lines")
    return lines.blank_lines


def _register_literals(session: Session) -> None:
    known = "SELECT count(*) FROM duckdb_functions() WHERE function_name = 'literal_as_json'"
    if session.row(known)[0] == 0:
        session.connection.create_function(
            "literal_as_json",
            literals_as_json,
            ["VARCHAR"],
            "VARCHAR",
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _as_text(column: str, kind: str) -> str:
    name = '"' + column.replace('"', '""') + '"'
    return f"to_json({name})" if kind.endswith("[]") or kind.startswith(("STRUCT", "MAP")) else f"{name}::VARCHAR"


def _literal_path(path: str) -> str:
    """`path` with the signs escaped that DuckDB would take for a pattern of several files."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in path)
