"""Quoted fields (RFC 4180): one grammar, as patterns for Python and for DuckDB.

A field in double quotes may hold the delimiter, line breaks, and quotes written twice. A quote opens a field at its
very beginning only; anywhere else it is a sign like others (`5" nail`).
"""

import re
from dataclasses import dataclass

# A quoted field without the quotes round it; written so that a match remembers each quote, and not each letter.
INSIDE = '[^"]*(?:""[^"]*)*'
OPEN = f'"{INSIDE}'  # one that is not closed


@dataclass(frozen=True)
class Quoting:
    """The grammar of fields between `delimiter`, one ASCII sign that is neither letter, digit, quote nor line end.

    `spaced`: blanks may stand around the quotes of a field, as in files with a blank behind each comma.
    """

    delimiter: str
    spaced: bool = False

    @property
    def field(self) -> str:
        """The pattern of one field. Its two forms exclude one another, so that matching takes linear time."""
        blanks, blank, mark = self._blanks, " " if self.spaced else "", self.mark
        return rf'{blanks}{OPEN}"{blanks}|{blanks}(?:[^"{blank}{mark}][^{mark}]*)?'

    @property
    def mark(self) -> str:
        """The delimiter as a pattern, also within brackets."""
        return rf"\x{ord(self.delimiter):02x}"

    @property
    def _blanks(self) -> str:
        return " *" if self.spaced else ""

    def whole_record(self) -> str:
        """Return the pattern of a whole record."""
        return f"(?:(?:{self.field}){self.mark})*(?:{self.field})"

    def open_record(self) -> str:
        """Return the pattern of a line that ends inside a quoted field."""
        return rf"(?:(?:{self.field}){self.mark})*{self._blanks}{OPEN}"

    def rest_of_whole(self) -> str:
        """Return the pattern of what ends a record, after a line that ends inside a quoted field."""
        return rf'{INSIDE}"{self._blanks}(?:{self.mark}(?:{self.field}))*'

    def rest_of_open(self) -> str:
        """Return the pattern of what ends inside a quoted field, after a line that does."""
        return rf'{INSIDE}(?:"{self._blanks}{self.mark}{self.open_record()})?'

    def split(self, text: str) -> list[str] | None:
        """Return the fields of the record `text`; None where its quotes are not in order.

        >>> Quoting(",").split('1,"a, b",5" nail')
        ['1', 'a, b', '5" nail']
        """
        if not re.fullmatch(self.whole_record(), text):
            return None
        found = re.findall(f"({self.field}){self.mark}", text + self.delimiter)
        return [unquoted(field, spaced=self.spaced) for field in found]


def unquoted(field: str, *, spaced: bool) -> str:
    """Return what `field` says without the quotes round it."""
    bare = field.strip(" ") if spaced else field
    return bare[1:-1].replace('""', '"') if bare.startswith('"') else field
