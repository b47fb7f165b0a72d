"""A seal at the end of a file whose format has no place for one, and whose readers stop before it: a FAISS index."""

import hashlib
from pathlib import Path

MARK = b"\nsracl sha256 "
LENGTH = len(MARK) + 64


def add_trailer(path: Path) -> None:
    """Append the SHA-256 of the bytes of `path` to it."""
    with path.open("r+b") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0, 2)
        file.write(MARK + digest.encode())


def holds_trailer(path: Path) -> bool:
    """Whether `path` ends with the SHA-256 of all that comes before it."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        left = file.seek(0, 2) - LENGTH
        file.seek(0)
        while left > 0 and (block := file.read(min(left, 1 << 20))):
            total.update(block)
            left -= len(block)
        return left == 0 and file.read() == MARK + total.hexdigest().encode()
