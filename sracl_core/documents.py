"""Small JSON files: written whole, and sealed where a stage relies on what they say."""

import hashlib
import json
from pathlib import Path
from typing import Any

from sracl_core.artifacts.writing import atomic_path
from sracl_core.ground.errors import ArtifactError

SEAL = "sha256"
AGAIN = "Run `dvc repro` to make it again, or `dvc pull` to fetch it."


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON with a final newline, atomically; keys keep their order."""
    with atomic_path(path) as temporary:
        temporary.write_text(_written(value), encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read the JSON file `path`; raises ArtifactError when it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except FileNotFoundError:
        raise ArtifactError(f"{path} does not exist. {AGAIN}") from None
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} is not valid JSON: {error}. {AGAIN}") from None
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}. {AGAIN}") from None


def write_sealed(path: Path, value: dict[str, Any]) -> None:
    """Write `value` as `write_json` does, with the SHA-256 of what it says as its last entry, `sha256`."""
    write_json(path, {**value, SEAL: _seal(value)})


def read_sealed(path: Path, what: str) -> dict[str, Any]:
    """Return what the sealed JSON file `path` says, without its seal; `what` names such a file to people.

    Raises ArtifactError when it is missing or damaged, or was changed by hand.
    """
    told = read_json(path)
    if not isinstance(told, dict) or SEAL not in told:
        raise ArtifactError(f"{path} is not {what}. {AGAIN}")
    seal = told.pop(SEAL)
    # What it says decides, and how it is written too: whoever relies on it compares the bytes.
    if seal != _seal(told) or path.read_bytes() != _written({**told, SEAL: seal}).encode():
        raise ArtifactError(f"{path} is damaged, or was changed by hand: it does not say what was written. {AGAIN}")
    return told


def _written(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def _seal(value: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=True, allow_nan=False).encode()).hexdigest()
