"""Claims: who is asking for an answer says so beforehand, and no other run on the same store asks for it meanwhile.

A claim is a POSIX record lock on one byte of a file in the folder `asking`; file and byte follow from the address. Such
locks end with their process, however it ends, and no child process inherits them: the claims of a killed run are free
at once. The kernel looks through all locks on a file to set one, so many files share them.

The locks belong to the process, and all of it that are on a file vanish when it closes any descriptor of that file: so
a process has one Claims on a store at a time, and nothing else may open these files.
"""

import errno
import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from sracl_core.ground.errors import MachineError
from sracl_core.ground.full_disk import told_when_full

FOLDER = "asking"
FILES = 64
PLACES = 2**64 // FILES  # bytes of a file that can be locked: the first 8 bytes of an address tell file and byte
HELD = {errno.EACCES, errno.EAGAIN}  # what the systems say where another process has the lock


class Claims:
    """The claims of this process in the store at `folder`; a context manager, which gives up all of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        with told_when_full(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        self._files: dict[int, int] = {}

    def take(self, addresses: Iterable[str]) -> set[str]:
        """Claim those of `addresses`, SHA-256 in hexadecimal, that no other process holds, at once; return them.

        Raises MachineError where the file system knows no locks, OSError where this user may not use the files.
        """
        return {address for address in addresses if self._taken(address)}

    def release(self, addresses: Iterable[str]) -> None:
        """Give up `addresses`; those that are not held are left alone."""
        for address in addresses:
            file, place = self._place(address)
            fcntl.lockf(file, fcntl.LOCK_UN, 1, place)

    def free(self, address: str) -> bool:
        """Whether nobody has claimed `address`."""
        taken = self.take([address])
        self.release(taken)
        return bool(taken)

    def close(self) -> None:
        """Give up everything."""
        while self._files:
            os.close(self._files.popitem()[1])

    def _taken(self, address: str) -> bool:
        file, place = self._place(address)  # what keeps it from being opened is nobody's claim
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError as error:
            if error.errno in HELD:
                return False
            raise MachineError(
                f"{self._folder} lies on a file system that gives no record locks ({error.strerror}). Without them two "
                "runs could pay for the same answer. Put the project on a local disk, or mount it with locks."
            ) from None
        return True

    def _place(self, address: str) -> tuple[int, int]:
        """The descriptor of the file, and the byte in it, that stand for `address`."""
        number, place = divmod(int(address[:16], 16), PLACES)
        if number not in self._files:
            path = self._folder / f"{number:02x}"
            with told_when_full(path):
                self._files[number] = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        return self._files[number], place

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
