"""Files that are there for every run, and hold rows where the parameters ask for them alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sracl_core.artifacts.tables import read_table
from sracl_core.leakage.shared.certificate import Check


@dataclass(frozen=True)
class Unasked:
    """A file that should be `empty`, and why: "" where the parameters ask for it.

    The stage `made_by` writes it.
    """

    path: Path
    empty: str
    made_by: str


def check_unasked(files: Sequence[Unasked]) -> Check:
    """Prove that each of `files`, whose origins must be proven, has no row where the parameters don't ask for it.

    Raises ArtifactError where one cannot be read.
    """
    rows = {one: len(read_table(one.path)) for one in files if one.empty}
    wrong = [one for one in rows if rows[one]]
    what = "texts, vectors and spaces that the parameters don't ask for hold no row."
    made_by = [one.made_by for one in (*wrong, *files)]
    check = Check("not asked for", len(rows), what, made_by[0] if made_by else "")
    if wrong:
        told = [f"{one.path.name}: {rows[one]} rows, though {one.empty}" for one in wrong]
        check.refuse("files hold rows that nobody asked for", told, len(wrong))
    return check
