"""Where an artifact comes from, and the digests that tell one file from another."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sracl_core.ground.errors import ArtifactError
from sracl_core.ground.version import VERSION

SCHEMA_VERSION = "2"
PREFIX = "sracl."


@dataclass(frozen=True)
class Provenance:
    """Where an artifact comes from; travels in the file's own metadata.

    `params_digest` covers the parameters that decide the content, `source_digest` the bytes of the stage's inputs, and
    `code_digest` the source of the parts from outside the project that made it ("" where there is none).
    """

    producer: str
    params_digest: str
    source_digest: str
    code_digest: str = ""

    def metadata(self) -> dict[bytes, bytes]:
        """Return the key-value metadata for an Arrow schema."""
        values = {
            "schema_version": SCHEMA_VERSION,
            "project_version": VERSION,
            "producer": self.producer,
            "params_digest": self.params_digest,
            "source_digest": self.source_digest,
            "code_digest": self.code_digest,
        }
        return {f"{PREFIX}{key}".encode(): value.encode() for key, value in values.items()}

    @classmethod
    def from_metadata(cls, metadata: dict[bytes, bytes]) -> "Provenance":
        """Return the provenance that a file's own metadata tells; what is missing is empty."""
        names = ("producer", "params_digest", "source_digest", "code_digest")
        return cls(*(metadata.get(f"{PREFIX}{name}".encode(), b"").decode(errors="replace") for name in names))


def file_digest(path: Path) -> str:
    """Return the SHA-256 of the bytes of the file `path`, as `sha256sum` prints it.

    Raises ArtifactError when it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        raise ArtifactError(f"{path} does not exist. Run `dvc repro` to make it, or correct the path.") from None
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}. Correct the path or its permissions.") from None


def source_digest(paths: Iterable[Path]) -> str:
    """Return a SHA-256 over the names and bytes of `paths` (files, or folders with all below them).

    Raises ArtifactError when one does not exist.
    """
    total = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            total.update(f"{name}\0{file_digest(file)}\0".encode(errors="surrogateescape"))  # a name may be no text
    return total.hexdigest()
