"""Text with one record a line and a delimiter between fields."""

from dataclasses import dataclass

from sracl_core.ingest.raw import sql
from sracl_core.ingest.raw.lines import FirstLine, LineReader, Remarks
from sracl_core.ingest.raw.quoting import Quoting
from sracl_core.ingest.raw.records import Records, load_text
from sracl_core.ingest.raw.session import Session

NOT_IN_ORDER = "a quoted field is not closed or longer than 1 MiB, or text follows its closing quote"
BLANK = " "  # the delimiter that stands for any run of blanks and tabs
# Quotes are in order where all between blanks is such a field.
BLANK_FIELD = '"(?:[^"]|"")*"|[^ \t"][^ \t]*'  # a field between them, which may be quoted

BLANK_RECORD = f"[ \t]*(?:{BLANK_FIELD})(?:[ \t]+(?:{BLANK_FIELD}))*[ \t]*"


@dataclass(frozen=True)
class Delimited(Records):
    """Text with one record a line and `delimiter` between fields.

    `quoting`: how fields may be quoted; None where quotes mean nothing. The line `header` is no record. `latin1`: a
    line that isn't UTF-8 is Latin-1. The delimiter BLANK is any run of blanks and tabs.
    """

    delimiter: str
    quoting: Quoting | None = None
    header: FirstLine | None = None
    latin1: bool = False

    def load(self, session: Session, statement: str) -> Remarks:
        """See Records."""
        count = len(self.columns)
        query = f"""
            SELECT record, line, text, fields,
                CASE WHEN damage IS NOT NULL THEN damage
                     WHEN fields IS NULL THEN {sql.text(NOT_IN_ORDER)}
                     WHEN len(fields) <> {count} THEN 'expected {count} columns, found ' || len(fields) END AS damage
            FROM (SELECT record, line, text, damage, {self._split()} AS fields FROM lines)"""  # noqa: S608
        lines = LineReader(
            self.file, quoting=self.quoting, latin1=self.latin1, header=self.header, delimiter=self.delimiter
        )
        return load_text(session, lines, statement.replace("{records}", query))

    def _split(self) -> str:
        """SQL that splits `text` as `Quoting.split` does."""
        if self.delimiter == BLANK:
            whole, each = sql.text(BLANK_RECORD), sql.text(BLANK_FIELD)
            unquoted = "if(starts_with(f, '\"'), replace(f[2:-2], '\"\"', '\"'), f)"
            return f"""CASE WHEN regexp_full_match(text, {whole})
                THEN list_transform(regexp_extract_all(text, {each}), lambda f: {unquoted}) END"""
        plain = f"string_split(text, {sql.text(self.delimiter)})"
        if self.quoting is None:
            return plain
        whole = sql.text(self.quoting.whole_record())
        each = sql.text(f"({self.quoting.field}){self.quoting.mark}")
        bare = "trim(f, ' ')" if self.quoting.spaced else "f"
        unquoted = f"if(starts_with({bare}, '\"'), replace({bare}[2:-2], '\"\"', '\"'), f)"
        return f"""CASE WHEN NOT contains(text, '"') THEN {plain}
            WHEN regexp_full_match(text, {whole})
            THEN list_transform(regexp_extract_all(text || {sql.text(self.delimiter)}, {each}, 1), lambda f: {unquoted})
            END"""
