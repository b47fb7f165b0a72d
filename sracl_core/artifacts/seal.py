"""The seal of a file: the SHA-256 of all its bytes, in the file itself.

Parquet has checksums of pages and none of the footer, where a flipped bit can change how many rows are read. The seal
is an entry of the footer's key-value metadata; while it is worked out, zeros stand in its place.
A format that has no place for one, and whose readers stop before what follows, has it at the end: a FAISS index.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from sracl_core.ground.errors import ArtifactError
from sracl_core.ground.faults import is_shortage

AGAIN = "Run `dvc repro` to make it again, or `dvc pull` to fetch it."
KEY = "sracl.seal"
BLANK = "0" * 64
# Parquet's footer is Thrift in its compact form: the key is followed by the value's field, type and length.
MARK = KEY.encode() + bytes([0x18, len(BLANK)])
MAGIC = b"PAR1"
TAIL = 8  # length of the footer, and the magic
TRAILER = b"\nsracl sha256 "
TRAILER_LENGTH = len(TRAILER) + 64


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


def add_trailer(path: Path) -> None:
    """Append the SHA-256 of the bytes of `path` to it."""
    with path.open("r+b") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0, 2)
        file.write(TRAILER + digest.encode())


def holds_trailer(path: Path) -> bool:
    """Whether `path` ends with the SHA-256 of all that comes before it."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        left = file.seek(0, 2) - TRAILER_LENGTH
        file.seek(0)
        while left > 0 and (block := file.read(min(left, 1 << 20))):
            total.update(block)
            left -= len(block)
        return left == 0 and file.read() == TRAILER + total.hexdigest().encode()


# The seals of tables and of indexes. Documents and weights are held against a digest by whoever reads them.
SEALS: dict[str, Callable[[Path], bool]] = {".parquet": is_whole, ".faiss": holds_trailer}


def require_whole(path: Path) -> None:
    """Raise ArtifactError where the artifact `path` is missing, or bears a seal that its bytes don't have.

    Only the bytes are looked at: it costs no more than a digest of them.
    """
    holds = SEALS.get(path.suffix)
    if holds is not None:
        require_sealed(path, holds)


def require_sealed(path: Path, holds: Callable[[Path], bool]) -> None:
    """Raise ArtifactError where `path` is missing, cannot be read, or its seal does not hold, as `holds` has it."""
    try:
        if holds(path):
            return
    except FileNotFoundError:
        raise ArtifactError(f"{path} does not exist. {AGAIN}") from None
    except (OSError, ValueError) as error:
        if is_shortage(error):  # the file may be whole
            raise
        raise ArtifactError(f"{path} is no readable artifact of this project: {error}. {AGAIN}") from None
    raise ArtifactError(f"{path} is damaged, or was changed: its bytes are not the ones written. {AGAIN}")


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
