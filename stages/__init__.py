"""The stages of the pipeline: one thin command each, run by DVC as `python -m stages.NAME`."""

from sracl_core.ground.console import prepare

prepare()  # first: Ctrl-C ends in a line from here on

import sys  # noqa: E402
from importlib.util import find_spec  # noqa: E402

# DVC runs whichever python is first on the PATH.
_MISSING = [name for name in ("pyarrow", "pydantic", "typer", "yaml") if find_spec(name) is None]
if _MISSING:
    sys.exit(
        f"error: {sys.executable} has no {', '.join(_MISSING)}: the project is not installed there. Activate the "
        "environment it is installed in (source .venv/bin/activate), or use `make run`."
    )

from sracl_core.ground.threads import prepare_threads  # noqa: E402

prepare_threads()
