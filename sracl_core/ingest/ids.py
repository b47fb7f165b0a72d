"""Ids that a table tool turned into floating-point numbers (`12.0`) are the whole numbers they were.

A column of whole numbers becomes one of floats as soon as one value is missing, in pandas for instance. That is undone
where every id of a column is such a number, and nowhere else: `1.0` may be a name.
"""

# ruff: noqa: S608 - statements are put together from code.

from sracl_core.ingest.session import Session

# 12.0 and, from 10¹⁶ on, 1.2e+16.
_WHOLE_FLOAT = r"-?[0-9]+\.0|-?[0-9](\.[0-9]+)?e\+?[0-9]{1,2}"
_EXACT_UP_TO = 2**53


def read_whole_floats(session: Session, table: str, column: str) -> tuple[str, int]:
    """Return SQL for the ids in `column` of the staged `table`, and how many have lost digits.

    It is the column itself unless each id of a good row is a whole number written as a float.
    """
    whole = f"regexp_full_match({column}, '{_WHOLE_FLOAT}')"
    # Most columns are settled by a few rows.
    for rows in (f"(SELECT * FROM {table} WHERE problem IS NULL LIMIT 1000)", table):
        found = session.row(f"SELECT bool_and({whole}) FROM {rows} WHERE problem IS NULL")[0]
        if not found:
            return column, 0
    number = f"TRY_CAST({column} AS DECIMAL(38, 1))"
    lost = session.row(f"SELECT count(*) FROM {table} WHERE problem IS NULL AND abs({number}) >= {_EXACT_UP_TO}")[0]
    return f"coalesce(TRY_CAST({number} AS HUGEINT)::VARCHAR, {column})", lost
