"""A packed file written out to the disk: checked while it grows, since what a header says of its size may be a lie."""

import shutil
import tempfile
from pathlib import Path
from typing import IO

from sracl_core.ground.errors import DataError, StorageError
from sracl_core.ground.full_disk import size_of, told_when_full
from sracl_core.ground.outside import shown

BLOCK_BYTES = 1 << 20
# What is left free on the disk: a share of it, and at most so many bytes.
RESERVE_SHARE, RESERVE_BYTES = 0.05, 1_000_000_000
# No table shrinks to less than a thousandth; small files of one value may.
LARGEST_RATIO, UNSUSPECTED_BYTES = 1000, 1_000_000_000


def unpack(stream: IO[bytes], target: IO[bytes], *, name: str, packed: int, folder: Path | None) -> None:
    """Write all that `stream` yields, the file `name` of `packed` bytes, into `target`, which lies in `folder`.

    `folder` None is the system's for temporary files. Raises StorageError where the disk would be left with less than
    the reserve, and DataError where more comes out than any table holds.
    """
    place = Path(tempfile.gettempdir()) if folder is None else folder
    written = 0
    while block := stream.read(BLOCK_BYTES):
        written += len(block)
        _check_disk(written, len(block), name, packed, place, elsewhere=folder is None)
        if written > UNSUSPECTED_BYTES and written > LARGEST_RATIO * packed:
            raise DataError(
                f"{name} ({size_of(packed)}) was not unpacked: {size_of(written)} have come out of it so far, more "
                f"than {LARGEST_RATIO} times its own size, which no table has. If it is right, unpack it yourself and "
                "put the Parquet file in its place."
            )
        with told_when_full(place / "FILE.parquet"):
            target.write(block)


def _check_disk(written: int, block: int, name: str, packed: int, place: Path, *, elsewhere: bool) -> None:
    disk = shutil.disk_usage(place)
    reserve = int(min(RESERVE_SHARE * disk.total, RESERVE_BYTES))
    if disk.free - block >= reserve:
        return
    other = "set TMPDIR to a folder with more space, " if elsewhere else ""
    raise StorageError(
        f"{name} ({size_of(packed)}) was not unpacked: {size_of(written)} have come out of it so far, and of the disk "
        f"of {shown(str(place))} {size_of(disk.free)} are free, of which {size_of(reserve)} are to stay so. Free space "
        f"there, {other}or unpack the file yourself and put the Parquet file in its place."
    )
