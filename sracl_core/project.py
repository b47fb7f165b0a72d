"""What belongs to the project's folder: the store of paid answers, and the profiles of the last commit."""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sracl_core.artifacts import PROFILES
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.profile.store.earlier import EarlierProfiles
from sracl_core.root import project_root


def project_store(folder: Path | None = None) -> AnswerStore:
    """Return the store of paid answers in `folder`, by default the project's."""
    return AnswerStore(folder or project_root() / ".sracl/store")


def committed_profiles(path: Path) -> EarlierProfiles:
    """Return the profiles at `path` as the last commit has them: a running stage's own are deleted by then."""
    return EarlierProfiles(lambda: _committed(path))


def _committed(path: Path) -> pa.Table | None:
    import dvc.api

    try:
        content = dvc.api.read(path.as_posix(), repo=str(project_root()), rev="HEAD", mode="rb")
        table = pq.read_table(pa.BufferReader(content))
    except Exception as error:  # no commit, no such file, no cache, no remote: DVC raises another kind for each
        why = f"The last commit's {path} cannot be read ({type(error).__name__}), so no answers are taken from it."
        print(why, file=sys.stderr)
        return None
    return table if table.schema.equals(PROFILES) else None
