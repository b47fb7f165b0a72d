"""The record of an evaluation: the digests of what was read and written, so that results are known again."""

from collections.abc import Iterable
from pathlib import Path

from sracl_core.artifacts.provenance import file_digest
from sracl_core.documents import read_sealed, write_sealed
from sracl_core.ground.errors import ArtifactError
from sracl_core.ground.version import VERSION


def write_record(path: Path, *, read: Iterable[Path], written: Iterable[Path]) -> None:
    """Write at `path`, sealed, the SHA-256 of each file that was `read` and `written`, by name."""
    digests = [{file.name: file_digest(file) for file in files} for files in (read, written)]
    write_sealed(path, {"version": VERSION, "read": digests[0], "written": digests[1]})


def require_recorded(path: Path, files: Iterable[Path]) -> None:
    """Return if each of `files` is what the evaluation of the record `path` wrote.

    Raises ArtifactError when one is not, or when the record is missing or damaged.
    """
    written = read_sealed(path, "the record of an evaluation").get("written")
    for file in files:
        if not isinstance(written, dict) or written.get(file.name) != file_digest(file):
            raise ArtifactError(
                f"{file} is not what the evaluation wrote that {path} records: it is damaged, was changed by hand, or "
                "is of another run. Run `dvc repro` to evaluate again."
            )
