"""JSON records: one object a line, a list of objects (`[{…}, {…}]`), or objects over several lines."""

from dataclasses import dataclass

from sracl_core.ingest.raw import sql
from sracl_core.ingest.raw.json_values import ValueReader, is_one_a_line
from sracl_core.ingest.raw.lines import LineReader, Remarks
from sracl_core.ingest.raw.records import Records, load_text
from sracl_core.ingest.raw.session import Session
from sracl_core.params.reading.kinds import MOST_COLUMNS

MANY_KEYS = f"is an object of more than {MOST_COLUMNS} keys"
WHOLE = "$"  # the column that is the whole object


@dataclass(frozen=True)
class JsonRecords(Records):
    """JSON objects; a column is a key of them, and the column WHOLE the whole object.

    `literals`: a line that isn't JSON may be a Python literal instead. `unseen` columns were not among the keys looked
    at.
    """

    literals: bool = False
    unseen: tuple[str, ...] = ()

    def load(self, session: Session, statement: str) -> Remarks:
        """See Records."""
        paths = [column if column == WHOLE else _pointer(column) for column in self.columns]
        read, expected = "text", "is not a JSON object"
        if self.literals:
            read, expected = (
                "if(json_valid(text), text, literal_as_json(text))",
                "is neither a JSON object nor a Python dict",
            )
        # A key and its value take six characters, so that most objects need not be looked at.
        many_keys = f"strlen(json) > {6 * MOST_COLUMNS} AND len(json_keys(json)) > {MOST_COLUMNS}"
        query = f"""
            SELECT record, line, text, damage,
                CASE WHEN damage IS NULL THEN json_extract_string(json, {sql.texts(paths)}) END AS fields
            FROM (
                SELECT record, line, text, json,
                    CASE WHEN damage IS NOT NULL THEN damage
                         WHEN NOT coalesce(starts_with(ltrim(json), '{{') AND json_valid(json), false)
                         THEN {sql.text(expected)}
                         WHEN {many_keys} THEN {sql.text(MANY_KEYS)} END AS damage
                FROM (SELECT record, line, text, damage, {read} AS json FROM lines))"""  # noqa: S608
        one_a_line = self.literals or is_one_a_line(self.file)
        reader = LineReader(self.file) if one_a_line else ValueReader(self.file)
        return load_text(session, reader, statement.replace("{records}", query))


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")
