"""Raw files: found in a folder, plain, gzipped or inside a zip archive, and opened as streams."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from sracl_core.errors import DataError

# What a cut, damaged, encrypted or exotic archive raises while it is read.
DAMAGE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
SHOWN = 20


@dataclass(frozen=True)
class RawFile:
    """One raw file: `name` as shown to people (relative to the folder), where it lies, its member in a zip."""

    name: str
    path: Path
    member: str | None = None

    @property
    def kind(self) -> str:
        """The suffix that tells the format, in lower case, without `.gz`: csv, jsonl, parquet, …"""
        return PurePosixPath(self.name.lower().removesuffix(".gz")).suffix.removeprefix(".")

    @property
    def size(self) -> int:
        """Bytes on disk (compressed where it is), for progress."""
        if self.member is None:
            return self.path.stat().st_size
        with zipfile.ZipFile(self.path) as archive:
            return archive.getinfo(self.member).compress_size

    @contextmanager
    def open(self) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """Yield the decompressed stream, and the file on disk under it (whose position tells the progress).

        Raises DataError when the file is damaged, here or while the caller reads.
        """
        with ExitStack() as stack:
            try:
                on_disk = stack.enter_context(self.path.open("rb"))
                stream: BinaryIO = on_disk
                if self.member is not None:
                    archive = stack.enter_context(zipfile.ZipFile(on_disk))
                    stream = cast(BinaryIO, stack.enter_context(archive.open(self.member)))
                if self.name.lower().endswith(".gz"):
                    stream = cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=stream)))
                yield stream, on_disk
            except DAMAGE as error:
                raise DataError(
                    f"{self.name} cannot be read: {error}. If it is damaged, cut short or encrypted, fetch it again."
                ) from None


class RawFolder:
    """The files of a folder, and the members of the zip archives in it; subfolders are not searched.

    Raises DataError when the folder does not exist or an archive cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise DataError(f"data.path: {path} is not a folder. Put the raw files there, or name the right folder.")
        self.path = path
        self.files = [RawFile(file.name, file) for file in sorted(path.iterdir()) if file.is_file()]
        self.members = [
            member for file in self.files if file.name.lower().endswith(".zip") for member in _members(file)
        ]

    def find(
        self, patterns: tuple[str, ...], what: str, chosen: str | None = None, *, unless: tuple[str, ...] = ()
    ) -> RawFile:
        """Return the file of `what` (interactions or items): the `chosen` one, or the one whose name fits.

        `patterns` and `unless` are shell patterns of base names in lower case, each also tried with `.gz`. Files on
        disk go before members of archives. Raises DataError when none is found, or several.
        """
        found = self.find_optional(patterns, what, chosen, unless=unless)
        if found is None:
            raise DataError(
                f"{self.path} holds no file of {what}. Looked for {', '.join(patterns)} (each also as .gz, or in a "
                f".zip); found {self._listing()}. Check data.path and data.source, or set data.{what}_file."
            )
        return found

    def find_optional(
        self, patterns: tuple[str, ...], what: str, chosen: str | None = None, *, unless: tuple[str, ...] = ()
    ) -> RawFile | None:
        """Return the file as `find` does, or None where there is none."""
        parameter = f"data.{what}_file"
        if chosen is not None:
            return self._chosen(chosen, parameter)
        for candidates in (self.files, self.members):
            found = [file for file in candidates if _fits(file, patterns) and not _fits(file, unless)]
            if len(found) > 1:
                names = ", ".join(file.name for file in found)
                raise DataError(f"{self.path} holds several files of {what}: {names}. Set {parameter} to one of them.")
            if found:
                return found[0]
        return None

    def _chosen(self, chosen: str, parameter: str) -> RawFile:
        for file in (*self.files, *self.members):
            if file.name == chosen:
                return file
        path = self.path / chosen
        if not path.resolve().is_relative_to(self.path.resolve()):
            raise DataError(f"{parameter}: {chosen} lies outside {self.path}. Name a file inside data.path.")
        if not path.is_file():
            raise DataError(f"{parameter}: {self.path} has no file {chosen}; found {self._listing()}.")
        return RawFile(chosen, path)

    def _listing(self) -> str:
        names = [file.name for file in (*self.files, *self.members)]
        names += [f"{folder.name}/" for folder in sorted(self.path.iterdir()) if folder.is_dir()]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        return ", ".join(names[:SHOWN]) + more if names else "nothing"


def _members(archive: RawFile) -> list[RawFile]:
    try:
        with zipfile.ZipFile(archive.path) as opened:
            names = [info.filename for info in opened.infolist() if not info.is_dir()]
    except zipfile.BadZipFile as error:
        raise DataError(f"{archive.name} is not a readable zip archive: {error}. Fetch it again.") from None
    # macOS adds shadows of every file under this folder.
    return [RawFile(f"{archive.name}/{name}", archive.path, name) for name in names if "__MACOSX/" not in name]


def _fits(file: RawFile, patterns: tuple[str, ...]) -> bool:
    name = PurePosixPath(file.name).name.lower().removesuffix(".gz")
    return any(fnmatch(name, pattern) for pattern in patterns)
