"""What the first bytes of a file say: names lie, bytes do not."""

from typing import Literal, NamedTuple

Packing = Literal["gzip", "bzip2", "xz", "zip"]

HEAD_BYTES = 512  # enough for every signature here
PARQUET = b"PAR1"
NUMPY = b"\x93NUMPY"
PACKED: tuple[tuple[bytes, Packing], ...] = (
    (b"\x1f\x8b", "gzip"),
    *((b"BZh%d1AY&SY" % level, "bzip2") for level in range(1, 10)),  # a header line may well begin with BZh
    (b"\xfd7zXZ\x00", "xz"),
    (b"PK\x03\x04", "zip"),
)
TAR_PLACE, TAR = 257, b"ustar"

_SAVE_AS = "Save the table as CSV (UTF-8) or Parquet."
# Files that are no text and that no reader here understands: first bytes, what they are, what to do.
FOREIGN = (
    (b"(\xb5/\xfd", "compressed with Zstandard", "Unpack it: zstd -d FILE"),
    (b"\x04\x22\x4d\x18", "compressed with LZ4", "Unpack it: lz4 -d FILE"),
    (b"\x1f\x9d", "compressed with compress", "Unpack it: uncompress FILE"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it: 7z x FILE"),
    (b"Rar!\x1a\x07", "a RAR archive", "Unpack it: unrar x FILE"),
    (b"PK\x05\x06", "an empty zip archive", "Fetch it again."),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook or another old Office file", _SAVE_AS),
    (b"SQLite format 3\x00", "an SQLite database", _SAVE_AS),
    (b"\x89HDF\r\n", "an HDF5 file", _SAVE_AS),
    (b"ARROW1", "an Arrow (Feather) file", _SAVE_AS),
    (b"FEA1", "a Feather file", _SAVE_AS),
    (b"Obj\x01", "an Avro file", _SAVE_AS),
    (NUMPY, "a NumPy array", _SAVE_AS),
    (b"%PDF-", "a PDF document", _SAVE_AS),
    (b"<!DOCTYPE", "a web page, not data", "Fetch the file again: a page came instead of it."),
    (b"<!doctype", "a web page, not data", "Fetch the file again: a page came instead of it."),
    (b"<html", "a web page, not data", "Fetch the file again: a page came instead of it."),
    (b"version https://git-lfs", "a pointer of Git LFS, not data", "Fetch the file itself: git lfs pull"),
    *(
        (b"\x80" + bytes([version]), "a Python pickle, which can run code when it is read", _SAVE_AS)
        for version in range(2, 6)
    ),
)


class Foreign(NamedTuple):
    """A kind of file that cannot be read here, and what to do with it."""

    what: str
    advice: str


def packing(head: bytes) -> Packing | None:
    """Return how a file that begins with `head` is packed; None where it is not."""
    return next((kind for magic, kind in PACKED if head.startswith(magic)), None)


def foreign(head: bytes) -> Foreign | None:
    """Return what a file that begins with `head` (HEAD_BYTES of it) is, if it is nothing that can be read here."""
    if head[TAR_PLACE : TAR_PLACE + len(TAR)] == TAR:
        return Foreign("a tar archive", "Unpack it: tar -xf FILE")
    return next((Foreign(what, advice) for magic, what, advice in FOREIGN if head.startswith(magic)), None)
