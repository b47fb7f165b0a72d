"""One raw file: plain, packed (gzip, bzip2, xz) or inside a zip archive, opened as a stream of what it holds.

How a file is packed is told by its first bytes, never by its name.
"""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from sracl_core.ground.errors import DataError
from sracl_core.ground.outside import shown
from sracl_core.ingest.raw import signatures

# What a cut, damaged, encrypted or exotic archive raises while it is read; a member's name may be broken UTF-8.
DAMAGE = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    UnicodeDecodeError,
)
PACKED_SUFFIXES = (".gz", ".bz2", ".xz")
LONGEST_NAME = 1000
LAYERS = 3  # a gzip file inside a zip archive has two


@dataclass(frozen=True)
class RawFile:
    """One raw file: `name` as shown to people (relative to the folder), where it lies, its member in a zip.

    What cannot be printed is escaped in `name` alone, so that neither a terminal nor an output meets it.
    """

    name: str
    path: Path
    member: str | None = None

    @classmethod
    def named(cls, name: str, path: Path, member: str | None = None) -> "RawFile":
        """Return the file that is called `name`, which may hold anything that a system lets a name hold."""
        return cls(shown(name, LONGEST_NAME), path, member)

    @property
    def written_name(self) -> str:
        """Its name in the folder as it is, the name of the archive before that of a member."""
        return self.path.name if self.member is None else f"{self.path.name}/{self.member}"

    @property
    def kind(self) -> str:
        """The suffix that tells the format, in lower case, without `.gz` and its like: csv, jsonl, parquet, …"""
        return PurePosixPath(unpacked_name(self.name)).suffix.removeprefix(".")

    @property
    def size(self) -> int:
        """Bytes on disk (compressed where it is), for progress."""
        if self.member is None:
            return self.path.stat().st_size
        with zipfile.ZipFile(self.path) as archive:
            return archive.getinfo(self.member).compress_size

    def head(self, *, numpy: bool = False) -> bytes:
        """Return the first bytes of what the file holds; raises DataError as `open` does."""
        with self.open(numpy=numpy) as (stream, _):
            return stream.read(signatures.HEAD_BYTES)

    @contextmanager
    def open(self, *, numpy: bool = False) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """Yield the unpacked stream, and the file on disk under it (whose position tells the progress).

        Raises DataError when the file is damaged, here or while the caller reads, or is of a kind that nothing here
        reads, such as a workbook. With `numpy` a NumPy array (.npy) is read.
        """
        with ExitStack() as stack:
            try:
                on_disk = stack.enter_context(self.path.open("rb"))
                stream: BinaryIO = on_disk
                if self.member is not None:
                    archive = stack.enter_context(zipfile.ZipFile(on_disk))
                    stream = cast(BinaryIO, stack.enter_context(archive.open(self.member)))
                yield self._unpacked(stack, stream, numpy=numpy), on_disk
            except DAMAGE as error:
                why = shown(str(error)) or "it ends too soon"  # zipfile's EOFError says nothing
                raise DataError(
                    f"{self.name} cannot be read: {why}. If it is damaged, cut short or encrypted, fetch it again."
                ) from None

    def _unpacked(self, stack: ExitStack, stream: BinaryIO, *, numpy: bool) -> BinaryIO:
        """The stream of what `stream` holds, through all its layers of packing."""
        for _ in range(LAYERS):
            head = stream.read(signatures.HEAD_BYTES)
            stream.seek(0)
            found = signatures.foreign(head)
            if found and not (numpy and head.startswith(signatures.NUMPY)):
                advice = found.advice.replace("FILE", self.name)
                raise DataError(f"{self.name} is {found.what}. {advice}")
            match signatures.packing(head):
                case "gzip":
                    stream = cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=stream, mode="rb")))
                case "bzip2":
                    stream = cast(BinaryIO, stack.enter_context(bz2.BZ2File(stream)))
                case "xz":
                    stream = cast(BinaryIO, stack.enter_context(lzma.LZMAFile(stream)))  # noqa: SIM115 - the stack is one
                case "zip":
                    stream = self._only_member(stack, stream)
                case None:
                    return stream
        raise DataError(f"{self.name} is packed more than {LAYERS} times over. Unpack it.")

    def _only_member(self, stack: ExitStack, stream: BinaryIO) -> BinaryIO:
        """The only member of an archive that does not have the suffix .zip."""
        archive = stack.enter_context(zipfile.ZipFile(stream))
        names = member_names(archive)
        if any(name.startswith(("xl/", "word/", "content.xml")) for name in names):
            raise DataError(f"{self.name} is an office document, not text. Save the table as CSV (UTF-8).")
        if len(names) != 1:
            raise DataError(
                f"{self.name} is a zip archive with {len(names)} members. Give it the suffix .zip, or unpack it: "
                f"unzip {self.name}"
            )
        return cast(BinaryIO, stack.enter_context(archive.open(names[0])))


def unpacked_name(name: str) -> str:
    """Return `name` in lower case without the suffixes that only say how the file is packed."""
    name = name.lower()
    for suffix in PACKED_SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def left_behind(name: str) -> bool:
    """Return whether `name` (a path) is a file that a system or an editor left behind, and no data.

    Hidden files (macOS's `._x`, `.DS_Store`), Windows' `Thumbs.db` and `desktop.ini`, Office's lock files `~$x`, backup
    copies `x~`, and macOS's shadows in archives, `__MACOSX/`.
    """
    base = PurePosixPath(name).name
    return (
        base.startswith((".", "~$"))
        or base.endswith("~")
        or base.lower() in ("thumbs.db", "desktop.ini")
        or "__MACOSX/" in name
    )


def member_names(archive: zipfile.ZipFile) -> list[str]:
    """Return the names of the files in `archive` that are data, in its order."""
    names = (info.filename for info in archive.infolist())
    return [name for name in names if name and not name.endswith("/") and not left_behind(name)]
