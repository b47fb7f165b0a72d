"""Claims: which answers a run is asking for, so that another run at the same time waits for them and pays nothing.

A claim is a lock on one byte of the file `claims`, whose place follows from the answer's address; the file stays empty.
Such a lock ends with its process: the claims of a killed run are free at once.
"""

import fcntl
from collections.abc import Iterable
from pathlib import Path

PLACE_DIGITS = 15  # hexadecimal, of the address: 60 bits, which no two of a store's addresses share


class Claims:
    """The claims of this process in `folder`; one object a process, for a closed file takes all its locks along."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / "claims").open("ab")

    def take(self, addresses: Iterable[str]) -> set[str]:
        """Claim those of `addresses` that no other process holds, and return them."""
        return {address for address in addresses if self._locked(address)}

    def release(self, addresses: Iterable[str]) -> None:
        """Give up `addresses`; those that are not held are left alone."""
        for address in addresses:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _place(address))

    def close(self) -> None:
        """Give up everything."""
        self._file.close()

    def _locked(self, address: str) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(address))
        except OSError:
            return False
        return True


def _place(address: str) -> int:
    return int(address[:PLACE_DIGITS], 16)
