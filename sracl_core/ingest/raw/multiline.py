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
        self._goes_on = re.compile(quoting.rest_of_open().encode())
        self._ends = re.compile(quoting.rest_of_whole().encode())
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
        ends = [0, *(int(offsets[line + 1]) for line in odd)]
        rests = _Rests(self._goes_on, self._ends, data, ends)
        keep = np.ones(len(offsets), dtype=bool)
        place = stop = 0
        while place < len(odd):
            first = odd[place]
            begin = int(offsets[first])
            place += 1
            if ends[place] - begin > LONGEST_RECORD_BYTES or not self._opens.fullmatch(data[begin : ends[place]]):
                continue
            stop = max(place, stop)  # before an earlier stop, all is known to be open
            while stop < len(odd) and ends[stop + 1] - begin <= LONGEST_RECORD_BYTES and rests[stop] == "open":
                stop += 1
            if stop == len(odd):
                if not final and len(data) - begin <= LONGEST_RECORD_BYTES:
                    keep[first + 1 :] = False  # the rest of this record is in the next block
                    break
            elif ends[stop + 1] - begin <= LONGEST_RECORD_BYTES and rests[stop] == "end":
                last = odd[stop]
                keep[first + 1 : last + 1] = False
                if last - first >= MANY_LINES:
                    self.first_long_record = self.first_long_record if self.long_records else first
                    self.long_records += 1
                place = stop + 1
        return numbers[keep], offsets[keep]


class _Rests(dict[int, str]):
    """What the text between the odd lines `place` − 1 and `place`, this one included, is to a record open before it.

    It is its "end", still "open", or "broken"; wherever the record began, so that no text need be matched twice.
    """

    def __init__(self, goes_on: re.Pattern[bytes], ends: re.Pattern[bytes], data: bytes, offsets: list[int]) -> None:
        super().__init__()
        self._goes_on, self._ends, self._data, self._offsets = goes_on, ends, data, offsets

    def __missing__(self, place: int) -> str:
        text = self._data[self._offsets[place] : self._offsets[place + 1]]
        if self._ends.fullmatch(text.rstrip(b"\r\n")):
            found = "end"
        else:
            found = "open" if self._goes_on.fullmatch(text) else "broken"
        self[place] = found
        return found
