"""The folder of raw files: which of them holds the interactions, which the catalogue."""

import os
import zipfile
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from sracl_core.errors import DataError
from sracl_core.ingest.raw.files import RawFile, left_behind, member_names, unpacked_name

SHOWN = 20


class RawFolder:
    """The files of a folder, and the members of the zip archives in it; subfolders are not searched.

    Files that systems and editors leave behind are passed over. Raises DataError when the folder does not exist.
    """

    def __init__(self, path: Path) -> None:
        if not os.path.isdir(path):  # noqa: PTH112 - Path's own raises for a name that the system refuses
            raise DataError(f"data.path: {path} is not a folder. Put the raw files there, or name the right folder.")
        self.path = path
        entries = sorted((entry for entry in path.iterdir() if not left_behind(entry.name)), key=lambda e: e.name)
        self.files = [RawFile(entry.name, entry) for entry in entries if entry.is_file()]
        self.folders = [entry.name for entry in entries if entry.is_dir()]
        self.others = [entry.name for entry in entries if not (entry.is_file() or entry.is_dir())]
        self.unreadable: list[str] = []  # archives, each with the reason
        self.members = [
            member for file in self.files if file.name.lower().endswith(".zip") for member in self._members(file)
        ]

    def find(
        self, patterns: tuple[str, ...], what: str, chosen: str | None = None, *, unless: tuple[str, ...] = ()
    ) -> RawFile:
        """Return the file of `what` (interactions or items): the `chosen` one, or the one whose name fits.

        `patterns` and `unless` are shell patterns of base names in lower case, each also tried with `.gz`, `.bz2` and
        `.xz`. Files on disk go before members of archives. Raises DataError when none is found, or several.
        """
        found = self.find_optional(patterns, what, chosen, unless=unless)
        if found is None:
            raise DataError(
                f"{self.path} holds no file of {what}. Looked for {', '.join(patterns)} (each also as .gz, .bz2 or "
                f".xz, or in a .zip); found {self.listing()}. {self._hints(patterns)}Check data.path and data.source, "
                f"or set data.{what}_file."
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
        broken = [name for name in self.others if _fits(RawFile(name, self.path / name), patterns)]
        if broken:
            raise DataError(
                f"{self.path / broken[0]} is a link that leads nowhere, or no regular file. Put the file itself there."
            )
        return None

    def _chosen(self, chosen: str, parameter: str) -> RawFile:
        for file in (*self.files, *self.members):
            if file.name == chosen:
                return file
        path = self.path / chosen
        try:
            inside, there = path.resolve().is_relative_to(self.path.resolve()), path.is_file()
        except (OSError, ValueError):  # a name that the system refuses
            inside, there = True, False
        if not inside:
            raise DataError(f"{parameter}: {chosen} lies outside {self.path}. Name a file inside data.path.")
        if os.path.isdir(path):  # noqa: PTH112 - as above
            raise DataError(f"{parameter}: {self._parts(chosen)}")
        if not there:
            raise DataError(f"{parameter}: {self.path} has no file {chosen!r}; found {self.listing()}.")
        return RawFile(chosen, path)

    def listing(self) -> str:
        """Return what there is, for people."""
        names = [file.name for file in (*self.files, *self.members)]
        names += [f"{folder}/" for folder in self.folders]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        return ", ".join(names[:SHOWN]) + more if names else "nothing"

    def _hints(self, patterns: tuple[str, ...]) -> str:
        """What to do with files that cannot be read as they are, each a sentence with a blank behind it."""
        hints = list(self.unreadable)
        for folder in self.folders:
            if any(fnmatch(folder.lower(), pattern) for pattern in patterns):
                hints.append(self._parts(folder))
        for file in self.files[:SHOWN]:
            try:
                file.head()
            except DataError as error:
                hints.append(str(error))
        return "".join(f"{hint} " for hint in hints)

    def _parts(self, folder: str) -> str:
        return (
            f"{folder} is a folder of parts; make one file of them: python -c 'import pyarrow.dataset as d, "
            f'pyarrow.parquet as p; p.write_table(d.dataset("{folder}").to_table(), "NEW.parquet")\'.'
        )

    def _members(self, archive: RawFile) -> list[RawFile]:
        try:
            with zipfile.ZipFile(archive.path) as opened:
                names = member_names(opened)
        except zipfile.BadZipFile as error:
            self.unreadable.append(
                f"{archive.name} is not a readable zip archive: {error}. Fetch it again, or give it the suffix of what "
                "it holds."
            )
            return []
        return [RawFile(f"{archive.name}/{name}", archive.path, name) for name in names]


def _fits(file: RawFile, patterns: tuple[str, ...]) -> bool:
    name = PurePosixPath(unpacked_name(file.name)).name
    return any(fnmatch(name, pattern) for pattern in patterns)
