"""Whether the folder that `data.path` names is there, and fit for DVC, which takes the name as it stands.

`dvc exp run --temp` and the queue run the stages in a temporary copy of the project that holds only what git or DVC
track. A relative path then leads elsewhere, and DVC's own message would name a folder that nobody wrote.

DVC reads every file in the folder before `ingest` does. It would wait for a pipe without end, and fail at a link that
leads nowhere or at a name that is no text.
"""

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sracl_core.ground.outside import control_characters, no_regular_file, shown
from sracl_core.params.reading.kinds import MOST_CHARACTERS

MOST_TOLD = 20  # files
SAMPLE = Path("data/raw/sample")  # made by a stage
INGESTED = Path("data/interim/sequences.parquet")  # by ingest, whose deps dvc.lock lists
WRITTEN = (SAMPLE, Path("data/interim"), Path("data/artifacts"))  # by the stages


def folder_problems(values: Mapping[str, Any], root: Path, origin: Path) -> list[str]:
    """Return what is wrong with `data.path` in the parameters `values`: one line, or one for each of its unfit files.

    Of many files some are told, and how many more there are.

    `root` is the folder where the stages run, and `origin` the project that it is a copy of, or `root` itself.
    """
    data = values.get("data")
    written = data.get("path") if isinstance(data, Mapping) else None
    if not isinstance(written, str) or control_characters(written) or len(written) > MOST_CHARACTERS:
        return []  # told with the section's other problems
    if not written.strip():
        return ["data.path: it is empty; name the folder of the raw files"]
    path = root / written
    if _absolute(path) != _absolute(root / SAMPLE) and any(_one_holds_the_other(path, root / out) for out in WRITTEN):
        return [
            f"data.path: {shown(written)} holds what the stages write, or is among it; put the raw files into a "
            "folder of their own, such as data/raw/shop"
        ]
    if _is_folder(path):
        unfit = _unfit_files(path)
        told = list(islice(unfit, MOST_TOLD))
        if more := sum(1 for _ in unfit):
            told.append(f"{more} more of its files are such that DVC cannot read them; is it the right folder?")
        return [f"data.path: {problem}" for problem in told]
    if _absolute(path) == _absolute(root / SAMPLE) or _tracked_by_dvc(path, root) or _read_before(written, root):
        return []
    return [f"data.path: {_problem(written, origin)}"]


def _problem(written: str, origin: Path) -> str:
    """What is wrong with the path as `written`, and what to write instead."""
    name, whole = shown(written), shown(str(_absolute(origin / written)), longest=MOST_CHARACTERS)
    expanded = os.path.expandvars(os.path.expanduser(written))  # noqa: PTH111 - Path's own fails for unknown users
    if expanded != written:
        return f"{name} is taken as it stands: nothing stands for ~ or $ here; write {shown(expanded)}"
    if _is_folder(origin / written):
        return (
            f"{name} is not in the temporary copy of the project that this experiment runs in, which holds only "
            f"what git or DVC track; write the absolute path {whole}"
        )
    place = "" if Path(written).is_absolute() else f" (looked for {whole})"
    return f"{name} is not a folder that can be read{place}; put the raw files there, or name the folder they lie in"


def _unfit_files(folder: Path) -> Iterator[str]:
    """What DVC cannot read in `folder` and below; as DVC does, it does not follow links to folders."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(folders + files):
            path = Path(place, name)
            told = shown(str(path.relative_to(folder)))
            if not _is_text(name):
                yield f"the name of {told} is no UTF-8 text, which DVC cannot write down; rename it"
            elif kind := _no_file(path):
                yield f"{told} is {kind}, which DVC cannot read; take it out, or put the file itself there"


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_file(path: Path) -> str | None:
    """What `path` is that is neither a file nor a folder, nor a link to one."""
    try:
        return None if path.is_dir() else no_regular_file(path)
    except OSError:  # gone, or not to be looked at: DVC names it
        return None


def _one_holds_the_other(one: Path, other: Path) -> bool:
    first, second = _absolute(one), _absolute(other)
    return first.is_relative_to(second) or second.is_relative_to(first)


def _is_folder(path: Path) -> bool:
    """Path's own asks the system for names that it refuses, and raises."""
    return os.path.isdir(path)  # noqa: PTH112


def _tracked_by_dvc(path: Path, root: Path) -> bool:
    """Whether `dvc add` has taken in `path`, or a folder round it within `root`: then DVC brings it where it lacks."""
    whole, top = _absolute(path), _absolute(root)
    inside = [folder for folder in (whole, *whole.parents) if folder.is_relative_to(top) and folder != top]
    return any(os.path.isfile(folder.with_name(f"{folder.name}.dvc")) for folder in inside)  # noqa: PTH113


def _read_before(written: str, root: Path) -> bool:
    """Whether what ingest made of just this path is there: then nothing reads the raw files, which nobody shared."""
    try:
        lock = YAML(typ="safe", pure=True).load(root / "dvc.lock")
        deps = lock["stages"]["ingest"]["deps"]
        return (root / INGESTED).is_file() and any(dep["path"] == written for dep in deps)
    except (OSError, YAMLError, ValueError, TypeError, KeyError, RecursionError):
        return False


def _absolute(path: Path) -> Path:
    """`path` from the root of the file system on, without `..`; links are kept, as DVC keeps them."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
