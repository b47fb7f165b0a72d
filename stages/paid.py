"""What the profile stages share: answers that were paid for, in the store and in the last commit."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sracl_core.artifacts import PROFILES
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.profile.store.earlier import EarlierProfiles


def answer_store() -> AnswerStore:
    """Return the project's store of paid answers.

    DVC_ROOT names the repository even where DVC runs an experiment in a temporary copy, so that all of them share it.
    """
    return AnswerStore(Path(os.environ.get("DVC_ROOT", ".")) / ".sracl/store")


def committed_profiles(path: Path) -> EarlierProfiles:
    """Return the profiles at `path` as the last commit has them: DVC has deleted the file itself by now."""
    return EarlierProfiles(lambda: _committed(path))


def _committed(path: Path) -> pa.Table | None:
    import dvc.api

    try:
        content = dvc.api.read(path.as_posix(), repo=os.environ.get("DVC_ROOT", "."), rev="HEAD", mode="rb")
        table = pq.read_table(pa.BufferReader(content))
    except Exception as error:  # no commit, no such file, no cache, no remote: DVC raises another kind for each
        print(f"The last commit's {path} cannot be read ({type(error).__name__}), so no answers are taken from it.")
        return None
    return table if table.schema.equals(PROFILES) else None
