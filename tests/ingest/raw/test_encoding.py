"""Any encoding that tells itself becomes UTF-8 with LF; what cannot be text is said plainly."""

import codecs
import io

import pytest

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.encoding import Utf8Reader, encoding_of

TEXT = "user_id,item_id\nü,€\n😀,b\n"
MARKS = {
    "utf-8-sig": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


def read(data: bytes, size: int = 1 << 20) -> bytes:
    reader = Utf8Reader(io.BytesIO(data), "file.csv")
    found = b""
    while block := reader.read(size):
        found += block
    return found


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("name", MARKS)
def test_a_marked_encoding_becomes_utf8(name: str, size: int) -> None:
    assert read(MARKS[name] + TEXT.encode(name), size) == TEXT.encode()


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_an_encoding_without_a_mark_is_told_by_its_zero_bytes(name: str) -> None:
    assert encoding_of(TEXT.encode(name)).name == name
    assert read(TEXT.encode(name)) == TEXT.encode()


@pytest.mark.parametrize("size", [1, 4, 1 << 20])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_three_ways(end: str, size: int) -> None:
    found = read(TEXT.replace("\n", end).encode("utf-16"), size)
    assert found.decode().replace("\r\n", "\n") == TEXT


def test_a_carriage_return_inside_a_line_stays() -> None:
    assert read(b"a,b\r\r\nc,d\n") == b"a,b\r\r\nc,d\n"
    assert read(b"one\r") == b"one\r", "no line has ended before the file does"


def test_blocks_are_read_on_after_the_window() -> None:
    text = "".join(f"user{n},item{n}\n" for n in range(20_000))
    for name in ("utf-8", "utf-16", "utf-32"):
        assert read(text.encode(name), 1 << 12) == text.encode()


def test_a_first_line_longer_than_the_window_still_tells_its_end() -> None:
    text = "a" * 200_000 + "\rb\r"
    assert read(text.encode()) == text.replace("\r", "\n").encode()


def test_broken_characters_are_left_for_the_line_to_tell() -> None:
    lone = b"\x00\xd8"  # half a pair of surrogates
    assert read(codecs.BOM_UTF16_LE + "a\nb".encode("utf-16-le") + lone + "\nc".encode("utf-16-le")) == b"a\nb\xff\nc"
    assert read(codecs.BOM_UTF16_LE + "ab".encode("utf-16-le") + b"c") == b"ab\xff", "a file cut in the middle"
    assert read(b"caf\xe9\n") == b"caf\xe9\n"


def test_zero_bytes_in_the_first_line_are_no_text() -> None:
    with pytest.raises(DataError, match=r"file.csv is not text.*zero bytes.*iconv -f UTF-16 -t UTF-8 file.csv > NEW"):
        read(b"ab\0cd\n1,2\n")
    assert read(b"ab\ncd\0\n") == b"ab\ncd\0\n"


def test_an_empty_file_is_empty() -> None:
    assert read(b"") == read(codecs.BOM_UTF16_LE) == read(codecs.BOM_UTF8) == b""
