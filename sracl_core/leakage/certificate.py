"""What a certificate is: checks that hold, as JSON. A check that does not hold stops the build."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa

from sracl_core.artifacts.documents import read_json
from sracl_core.errors import LeakageError

SHOWN = 5  # offending rows told of


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

    def refuse(self, problem: str, rows: list[str], total: int) -> NoReturn:
        """Raise LeakageError: `total` rows fail this check, the first of them told by `rows`."""
        lines = [f"leakage check {self.check!r} failed: {problem} ({total} of {self.examined} examined).", *rows]
        if total > len(rows):
            lines.append(f"… and {total - len(rows)} more")
        lines += [
            f"Expected: {self.what}",
            f"No certificate was written. Run `dvc repro --force --single-item {self.made_by}`, then `dvc repro`; if "
            "this check fails again, the code of that stage is at fault, and nothing trained on its output counts.",
        ]
        raise LeakageError("\n  ".join(lines))


def certificate(checks: list[Check]) -> dict[str, Any]:
    """Return the JSON of a certificate whose `checks` all hold."""
    told = [{key: value for key, value in asdict(check).items() if key != "made_by"} for check in checks]
    return {"clean": True, "checks": told}


def require_clean(path: Path) -> None:
    """Raise LeakageError unless the certificate at `path` says clean, ArtifactError when it is missing or damaged."""
    told = read_json(path)
    if not isinstance(told, dict) or told.get("clean") is not True or not told.get("checks"):
        raise LeakageError(
            f"{path} is not a clean leakage certificate, so nothing is built on it. Run `dvc repro` to certify again."
        )


def summary(told: dict[str, Any]) -> str:
    """Return a certificate in one line for people, and one more for each check that had no row to look at."""
    checks = told["checks"]
    line = f"clean: {len(checks)} checks on {sum(check['examined'] for check in checks):,} rows found no leak"
    return "\n".join([line, *(f"{one['check']}: no rows; {one['what']}" for one in checks if not one["examined"])])
