"""The seal of a Parquet file: the SHA-256 of all its bytes, written into its own footer.

Parquet has checksums of pages and none of the footer, where a flipped bit can change how many rows are read. The seal
is an entry of the footer's key-value metadata; while it is worked out, zeros stand in its place.
"""

import hashlib
from pathlib import Path
from typing import BinaryIO

KEY = "sracl.seal"
BLANK = "0" * 64
# Parquet's footer is Thrift in its compact form: the key is followed by the value's field, type and length.
MARK = KEY.encode() + bytes([0x18, len(BLANK)])
MAGIC = b"PAR1"
TAIL = 8  # length of the footer, and the magic


def seal(path: Path) -> None:
    """Put the seal of the Parquet file `path` in the place of BLANK, which its metadata must hold under KEY."""
    with path.open("r+b") as file:
        place, _, digest = _examine(file)
        file.seek(place)
        file.write(digest.encode())


def is_whole(path: Path) -> bool:
    """Whether the bytes of `path` are those that were sealed; raises ValueError where it bears no seal at all."""
    with path.open("rb") as file:
        return holds(file)


def holds(file: BinaryIO) -> bool:
    """Say of an open file what `is_whole` says of a path."""
    _, stored, digest = _examine(file)
    return stored == digest.encode()


def _examine(file: BinaryIO) -> tuple[int, bytes, str]:
    """Return where in `file` its seal stands, what stands there, and what should."""
    size = file.seek(0, 2)
    file.seek(max(0, size - TAIL))
    tail = file.read(TAIL)
    footer = int.from_bytes(tail[:4], "little") + TAIL
    if tail[4:] != MAGIC or footer > size:
        raise ValueError("it does not end as a Parquet file does")
    file.seek(size - footer)
    ending = file.read(footer)
    begin = ending.rfind(MARK) + len(MARK)
    if begin < len(MARK) or begin + len(BLANK) > len(ending):
        raise ValueError("it bears no seal, so something else wrote it, or an older version")
    file.seek(0)
    total = hashlib.sha256()
    left = size - footer
    while left > 0:
        block = file.read(min(left, 1 << 20))
        if not block:
            raise ValueError("it became shorter while it was read")
        total.update(block)
        left -= len(block)
    end = begin + len(BLANK)
    total.update(ending[:begin] + BLANK.encode() + ending[end:])
    return size - footer + begin, ending[begin:end], total.hexdigest()
