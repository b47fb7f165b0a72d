"""Reading a candidate pool artifact."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sracl_core.artifacts import pool_schema, read_table
from sracl_core.errors import ArtifactError


def read_neighbours(path: Path) -> np.ndarray:
    """Return the neighbours int64 [keys, k] of the candidate pools at `path`, best first; no rows where there are none.

    Raises ArtifactError when the file is missing or damaged.
    """
    table = read_table(path)
    kind: Any = table.schema.field("neighbour").type if "neighbour" in table.schema.names else pa.null()
    if not pa.types.is_fixed_size_list(kind) or not table.schema.equals(pool_schema(kind.list_size)):
        raise ArtifactError(f"{path} holds no candidate pools. Run `dvc repro` to make it again.")
    return table["neighbour"].combine_chunks().flatten().to_numpy().reshape(-1, kind.list_size)
