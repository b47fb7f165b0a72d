"""What a certificate is: checks that hold, and the digests of the files they hold for, as sealed JSON.

A check that does not hold stops the build. Whoever relies on a certificate has it compared with the files in hand.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sracl_core.artifacts.provenance import file_digest
from sracl_core.documents import read_sealed
from sracl_core.ground.errors import LeakageError
from sracl_core.ground.version import VERSION

SHOWN = 5  # offending rows told of
# The checks of each certificate, in order: one that lacks any of them certifies nothing.
OF_A_KIND = ("prompts", "texts", "embeddings", "encoding", "space", "index", "pool", "search")
INPUT_CHECKS = (
    *("origins", "not asked for", "split", "user counts", "attributes", "items", "item contexts", "prefixes"),
    *(f"{kind} {check}" for kind in ("item", "user") for check in OF_A_KIND),
)
TRAINING_CHECKS = ("training origins", "split", "training sequences", "model")


@dataclass(frozen=True)
class Names:
    """External ids beside our numbers, for people who have to find a row in their raw data; either may be absent."""

    user_ids: pa.ChunkedArray | None = None
    item_ids: pa.ChunkedArray | None = None

    def user(self, number: int) -> str:
        """E.g. `user 7 ('A1B2')`; ids are data, so they are shown quoted and escaped."""
        return f"user {number}{_external(self.user_ids, number)}"

    def item(self, number: int) -> str:
        """E.g. `item 7 ('B0001')`."""
        return f"item {number}{_external(self.item_ids, number - 1)}"


def _external(ids: pa.ChunkedArray | None, row: int) -> str:
    return f" ({ids[row].as_py()!r})" if ids is not None and 0 <= row < len(ids) else ""


@dataclass(frozen=True)
class Check:
    """One statement, `what`, on `examined` rows that the stage `made_by` wrote."""

    check: str
    examined: int
    what: str
    made_by: str

    def require_none(self, wrong: np.ndarray, problem: str, describe: Callable[[int], str]) -> None:
        """Raise LeakageError if any row is `wrong` (bool [rows]); `describe` tells of one row."""
        rows = np.flatnonzero(wrong)
        if len(rows):
            self.refuse(problem, [describe(int(row)) for row in rows[:SHOWN]], len(rows))

    def require_distinct(self, ids: pa.ChunkedArray, named: str) -> None:
        """Raise LeakageError if two of the external `ids` are the same; `named` is whose they are, in the plural."""
        if pc.count_distinct(ids).as_py() < len(ids):
            counted = pc.value_counts(ids)
            again = counted.filter(pc.greater(counted.field("counts"), 1))
            rows = [f"id {one.as_py()!r}" for one in again.field("values")[:SHOWN]]
            self.refuse(f"{named} share an id", rows, len(again))

    def refuse(self, problem: str, rows: list[str], total: int) -> NoReturn:
        """Raise LeakageError: `total` rows fail this check, the first of them told by `rows`."""
        lines = [
            f"leakage check {self.check!r} failed: {problem} ({total} of {max(total, self.examined)} examined).",
            *rows,
        ]
        if total > len(rows) > 0:
            lines.append(f"… and {total - len(rows)} more")
        lines += [
            f"Expected: {self.what}",
            "No certificate was written. Run `dvc repro`, which makes damaged files again. "
            f"If this check fails once more, run `dvc repro --force --single-item {self.made_by}`, then `dvc repro`; "
            "after that the code of that stage is at fault, and nothing trained on its output counts.",
        ]
        raise LeakageError("\n  ".join(lines))


def digests_of(files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of each of `files` by its name; raises ArtifactError where one is missing."""
    return {path.name: file_digest(path) for path in files}


def certificate(checks: list[Check], files: Mapping[str, str]) -> dict[str, Any]:
    """Return what a certificate says whose `checks` all hold for the files with these digests.

    Take the digests (`digests_of`) before the checks: a file that changes in between is then refused, not certified.
    """
    told = [{key: value for key, value in asdict(check).items() if key != "made_by"} for check in checks]
    return {"clean": True, "version": VERSION, "checks": told, "files": dict(files)}


def require_clean(path: Path, checks: Sequence[str], files: Iterable[Path]) -> None:
    """Return if the certificate at `path` holds all `checks`, for just the bytes that `files` have now.

    Raises LeakageError when it does not, ArtifactError when it or one of the files is missing or damaged.
    """
    told = read_sealed(path, "a leakage certificate of this version of the project")
    again = "Run `dvc repro` to certify again."
    if told.get("clean") is not True or _names(told.get("checks")) != list(checks):
        raise LeakageError(f"{path} is not a clean leakage certificate, so nothing is built on it. {again}")
    certified = told.get("files")
    if not isinstance(certified, dict) or not all(isinstance(digest, str) for digest in certified.values()):
        raise LeakageError(f"{path} is damaged, or not ours: it does not say which files it holds for. {again}")
    for file in files:
        if file.name not in certified:
            raise LeakageError(f"{path} does not hold for {file}, which it does not name. {again}")
        if certified[file.name] != file_digest(file):
            raise LeakageError(
                f"{file} is not the file that {path} certified: its bytes are others. Run `dvc repro`, which "
                "puts the certified one back, or certifies what its stage makes today."
            )


def _names(checks: object) -> list[object]:
    return [_name(check) for check in checks] if isinstance(checks, list) else []


def _name(check: object) -> object:
    """The name of an entry of `checks`, where it has the form of one."""
    whole = isinstance(check, dict) and isinstance(check.get("examined"), int) and isinstance(check.get("what"), str)
    return check["check"] if whole and isinstance(check, dict) else None


def summary(told: dict[str, Any]) -> str:
    """Return a certificate in one line for people, and one more for each check that had no row to look at."""
    checks = told["checks"]
    line = f"clean: {len(checks)} checks on {sum(check['examined'] for check in checks):,} rows found no leak"
    return "\n".join([line, *(f"{one['check']}: no rows; {one['what']}" for one in checks if not one["examined"])])
