"""Where the project lies: what must outlive a stage's outputs is kept there, in the folder `.sracl`."""

import os
from pathlib import Path


def project_root() -> Path:
    """Return the project's folder: DVC_ROOT names it even where DVC runs an experiment in a temporary copy."""
    return Path(os.environ.get("DVC_ROOT", "."))
