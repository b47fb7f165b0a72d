"""What belongs to the project's folder: the store of paid answers, and the profiles of the last commit."""

from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sracl_core.artifacts.seal import holds
from sracl_core.ground.errors import ArtifactError, ParamsError
from sracl_core.ground.root import project_root
from sracl_core.params.reading.yaml_file import plain_yaml
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.profile.store.earlier import EarlierProfiles
from sracl_core.progress import tell
from sracl_core.schemas.profiles import PROFILES


def project_store(folder: Path | None = None) -> AnswerStore:
    """Return the store of paid answers in `folder`, by default the project's."""
    return AnswerStore(folder or project_root() / ".sracl/store")


def committed_profiles(path: Path) -> EarlierProfiles:
    """Return the profiles at `path` as the last commit has them: a running stage's own are deleted by then."""
    return EarlierProfiles(lambda: _committed(path))


def _committed(path: Path) -> pa.Table | None:
    import dvc.api

    if not _has_paid_answers(path):
        return None
    try:
        content = dvc.api.read(path.as_posix(), repo=str(project_root()), rev="HEAD", mode="rb")
        if _is_damaged(content):
            raise ArtifactError("other bytes than were written")
        table = pq.read_table(pa.BufferReader(content))
    except Exception as error:  # no cache, no remote, no connection: DVC raises another kind for each
        tell(
            f"The last commit's {path} cannot be read on this machine ({type(error).__name__}), so no answers are "
            "taken from it. `dvc pull` fetches it if somebody pushed it."
        )
        return None
    return table if table.schema.equals(PROFILES) else None


def _is_damaged(content: bytes) -> bool:
    """Whether a Parquet file's bytes are not those that were sealed; what bears no seal, an older version wrote."""
    try:
        return not holds(BytesIO(content))
    except ValueError:
        return False


def _has_paid_answers(path: Path) -> bool:
    """Whether the last commit has profiles at `path` that a model wrote; the engine extractive is never paid."""
    import dvc.api

    try:
        written = dvc.api.read("dvc.lock", repo=str(project_root()), rev="HEAD", mode="rb")
        lock = plain_yaml(written, Path("dvc.lock"))
        stages = [
            stage
            for stage in lock["stages"].values()
            if any(out["path"] == path.as_posix() for out in stage.get("outs", ()))
        ]
        engines = [stage.get("params", {}).get("params.yaml", {}).get("profile.engine") for stage in stages]
    except ParamsError:  # told where the profiles themselves are read
        return True
    except Exception:  # no commit, or none of a run: DVC raises another kind for each
        return False
    return any(engine != "extractive" for engine in engines)
