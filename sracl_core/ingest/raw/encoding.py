"""A text file in any encoding that tells itself, as UTF-8 with LF at the end of each line.

UTF-8 with and without a byte-order mark, UTF-16 and UTF-32 with one, or without one where the zero bytes of the first
line leave no doubt. Lines may end with LF, CRLF or, as on an old Mac, CR alone.
"""

import codecs
from typing import BinaryIO, NamedTuple

from sracl_core.ground.errors import DataError

# The beginning of a file that is looked at before it is read: it goes on until a line has ended.
WINDOW_BYTES = 1 << 16
LONGEST_LINE_BYTES = 16 << 20
# UTF-32's mark begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Where the zero bytes of ASCII letters stand in each group of so many bytes.
ZEROS = {"utf-32-le": (4, {1, 2, 3}), "utf-32-be": (4, {0, 1, 2}), "utf-16-le": (2, {1}), "utf-16-be": (2, {0})}
SURE_OF = 4, 8  # characters that must agree before an encoding is believed without a mark: at least, and at most


class Encoding(NamedTuple):
    """The encoding of a file, and the bytes of its mark."""

    name: str
    mark: int


def encoding_of(window: bytes) -> Encoding:
    """Return the encoding of a file that begins with `window`; UTF-8 where nothing speaks for another."""
    for mark, name in MARKS:
        if window.startswith(mark):
            return Encoding(name, len(mark))
    for name, (width, zeros) in ZEROS.items():
        least, most = (characters * width for characters in SURE_OF)
        head = window[:most]
        if len(head) >= least and all((byte == 0) == (place % width in zeros) for place, byte in enumerate(head)):
            return Encoding(name, 0)
    return Encoding("utf-8", 0)


class Utf8Reader:
    """Reads `stream`, the bytes of the text file `name`, as UTF-8 without a mark and with LF as the line end.

    Bytes that UTF-8 does not know are passed on, for whoever reads the lines to tell; of another encoding, a broken
    character becomes such a byte. Raises DataError when the first line holds zero bytes: that is no text.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._decoder = stream, None
        window = stream.read(WINDOW_BYTES)
        encoding = encoding_of(window)
        self._pending = window[encoding.mark :]
        if encoding.name != "utf-8":
            self._decoder = codecs.getincrementaldecoder(encoding.name)(errors="sracl.broken_character")
            self._pending = self._decode(self._pending, final=len(window) < WINDOW_BYTES)
        while not _line_ended(self._pending) and len(self._pending) < LONGEST_LINE_BYTES:
            more = self._next(WINDOW_BYTES)
            if not more:
                break
            self._pending += more
        self._only_cr = b"\n" not in self._pending and b"\r" in self._pending[:-1]
        if b"\0" in self._pending.partition(b"\r" if self._only_cr else b"\n")[0]:
            raise DataError(
                f"{name} is not text that can be read: its first line holds zero bytes. Save the table as CSV in "
                f"UTF-8, or, if it is UTF-16: iconv -f UTF-16 -t UTF-8 {name} > NEW"
            )

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most about `size` of them; b"" at the end."""
        found, self._pending = self._pending[:size], self._pending[size:]
        found = found or self._next(size)
        return found.replace(b"\r", b"\n") if self._only_cr else found

    def _next(self, size: int) -> bytes:
        while True:
            block = self._stream.read(size)
            if self._decoder is None:
                return block
            text = self._decode(block, final=not block)
            if text or not block:
                return text

    def _decode(self, block: bytes, *, final: bool) -> bytes:
        assert self._decoder is not None  # noqa: S101 - asked of other encodings only
        return self._decoder.decode(block, final).encode("utf-8", "surrogateescape")


def _line_ended(data: bytes) -> bool:
    """Whether `data` shows how lines end: a CR at its very end may be the first half of CRLF."""
    return b"\n" in data or b"\r" in data[:-1]


def _broken_character(error: UnicodeError) -> tuple[str, int]:
    """Stand a lone surrogate in for bytes that are no character; it becomes the byte 0xFF, which UTF-8 never has."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", max(error.end, error.start + 1)


codecs.register_error("sracl.broken_character", _broken_character)
