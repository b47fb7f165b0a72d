"""The folder of raw files: which of them holds the interactions, which the catalogue."""

import os
import zipfile
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from sracl_core.ground.errors import DataError
from sracl_core.ground.outside import no_regular_file, shown
from sracl_core.ingest.raw.files import DAMAGE, RawFile, left_behind, member_names, unpacked_name

SHOWN = 20


class RawFolder:
    """The files of a folder, and the members of the zip archives in it; subfolders are not searched.

    Files that systems and editors leave behind are passed over. Raises DataError when the folder does not exist.
    """

    def __init__(self, path: Path) -> None:
        if not os.path.isdir(path):  # noqa: PTH112 - Path's own raises for a name that the system refuses
            raise DataError(f"data.path: {path} is not a folder. Put the raw files there, or name the right folder.")
        self.path = path
        self.files: list[RawFile] = []
        self.folders: list[str] = []
        self.others: dict[str, str] = {}  # what is not opened, since it is no file, and what it is instead
        for entry in self._entries():
            if os.path.isdir(entry):  # noqa: PTH112 - as above
                self.folders.append(entry.name)
            elif (kind := _kind(entry)) is None:
                self.files.append(RawFile.named(entry.name, entry))
            else:
                self.others[entry.name] = kind
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
            return self.named(chosen, parameter)
        for candidates in (self.files, self.members):
            found = [file for file in candidates if _fits(file, patterns) and not _fits(file, unless)]
            if len(found) > 1:
                names = _some([file.name for file in found])
                raise DataError(f"{self.path} holds several files of {what}: {names}. Set {parameter} to one of them.")
            if found:
                return found[0]
        for name, kind in self.others.items():
            if _fits(RawFile.named(name, self.path / name), patterns):
                raise DataError(f"{self.path / shown(name)} is {kind}. Put the file itself there.")
        return None

    def named(self, chosen: str, parameter: str) -> RawFile:
        """Return the file that `parameter` names; raises DataError where it is not in the folder, or no file."""
        for file in (*self.files, *self.members):
            if chosen in (file.name, file.written_name):
                return file
        # By its name alone: a link may lead out of the folder, as into DVC's cache.
        path = Path(os.path.abspath(self.path / chosen))  # noqa: PTH100 - resolve() would follow links
        if not path.is_relative_to(os.path.abspath(self.path)):  # noqa: PTH100
            raise DataError(f"{parameter}: {shown(chosen)} lies outside {self.path}. Name a file inside data.path.")
        if os.path.isdir(path):  # noqa: PTH112 - as above
            raise DataError(f"{parameter}: {self._parts(chosen)}")
        if not os.path.lexists(path):
            raise DataError(f"{parameter}: {self.path} has no file {chosen!r}; found {self.listing()}.")
        if kind := _kind(path):
            raise DataError(f"{parameter}: {shown(chosen)} is {kind}. Put the file itself there.")
        return RawFile.named(chosen, path)

    def listing(self) -> str:
        """Return what there is, for people."""
        names = [file.name for file in (*self.files, *self.members)]
        names += [f"{shown(folder)}/" for folder in self.folders]
        return _some([*names, *(f"{shown(name)} ({kind})" for name, kind in self.others.items())])

    def _entries(self) -> list[Path]:
        try:
            names = sorted(entry.name for entry in self.path.iterdir())
        except OSError as error:
            raise DataError(
                f"data.path: {self.path} cannot be read: {error.strerror}. Correct its permissions."
            ) from None
        return [self.path / name for name in names if not left_behind(name)]

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
        folder = shown(folder)
        return (
            f"{folder} is a folder of parts; make one file of them: python -c 'import pyarrow.dataset as d, "
            f'pyarrow.parquet as p; p.write_table(d.dataset("{folder}").to_table(), "NEW.parquet")\'.'
        )

    def _members(self, archive: RawFile) -> list[RawFile]:
        try:
            with zipfile.ZipFile(archive.path) as opened:
                names = member_names(opened)
        except DAMAGE as error:
            self.unreadable.append(
                f"{archive.name} is not a readable zip archive: {shown(str(error))}. Fetch it again, or give it the "
                "suffix of what it holds."
            )
            return []
        return [RawFile.named(f"{archive.path.name}/{name}", archive.path, name) for name in names]


def _kind(path: Path) -> str | None:
    """What `path`, which is there, is instead of a regular file."""
    try:
        return no_regular_file(path)
    except OSError as error:
        return f"not to be looked at ({error.strerror})"


def _some(names: list[str]) -> str:
    """The first of `names`, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more if names else "nothing"


def _fits(file: RawFile, patterns: tuple[str, ...]) -> bool:
    name = PurePosixPath(unpacked_name(file.name)).name
    return any(fnmatch(name, pattern) for pattern in patterns)
