"""Records of several lines: which lines of a text belong to one quoted field."""

import re

import numpy as np

from sracl_core.ingest.raw.quoting import Quoting

# A quoted field that runs on for longer than this was never closed; its first line alone is broken then.
LONGEST_RECORD_BYTES = 1 << 20
# A field over more lines than this may well be a quote that was forgotten.
MANY_LINES = 50


class LineJoiner:
    """Finds the records of several lines under the grammar `quoting`.

    Lines become one record only if that record is well-formed; otherwise the first of them alone is broken, and hurts
    no other. `long_records` counts records of more than MANY_LINES lines.
    """

    def __init__(self, quoting: Quoting) -> None:
        self._opens = re.compile(quoting.open_record().encode())
        self._whole = re.compile(quoting.whole_record().encode())
        self.long_records = 0
        self.first_long_record = 0  # lines of its text before the first of them

    def join(self, data: bytes, offsets: np.ndarray, *, final: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return which line of `data` each record begins at, and its offset; both end with the end of the last.

        `offsets` int64 [lines + 1] are the offsets of the lines; a record that may go on behind `data` is not ended
        unless it is the `final` block.
        """
        numbers = np.arange(len(offsets))
        if b'"' not in data:
            return numbers, offsets
        quotes = np.flatnonzero(np.frombuffer(data, np.uint8) == ord('"'))
        # Only lines with an odd number of quotes can open or close a record of several lines.
        odd = np.flatnonzero(np.diff(np.searchsorted(quotes, offsets)) & 1).tolist()
        keep = np.ones(len(offsets), dtype=bool)
        place = 0
        while place < len(odd):
            first = odd[place]
            place += 1
            if not self._opens.fullmatch(data[offsets[first] : offsets[first + 1]]):
                continue
            found = self._closing(data, offsets, first, odd[place:])
            if found is None:
                if not final and len(data) - offsets[first] <= LONGEST_RECORD_BYTES:
                    keep[first + 1 :] = False  # the rest of this record is in the next block
                    break
            elif found >= 0:
                last = odd[place + found]
                keep[first + 1 : last + 1] = False
                if last - first >= MANY_LINES:
                    self.first_long_record = self.first_long_record if self.long_records else first
                    self.long_records += 1
                place += found + 1
        return numbers[keep], offsets[keep]

    def _closing(self, data: bytes, offsets: np.ndarray, first: int, odd: list[int]) -> int | None:
        """Which of the lines `odd` ends the record that line `first` opens; −1 if none, None if `data` ends before."""
        for place, last in enumerate(odd):
            record = data[offsets[first] : offsets[last + 1]]
            if len(record) > LONGEST_RECORD_BYTES:
                return -1
            if self._whole.fullmatch(record.rstrip(b"\r\n")):
                return place
            if not self._opens.fullmatch(record):
                return -1
        return None
