"""Candidate pools."""

import pyarrow as pa


def pool_schema(k: int) -> pa.Schema:
    """Schema of a candidate pool: exactly `k` neighbours a key, best first, with their cosine."""
    return pa.schema(
        [("key", pa.int64()), ("neighbour", pa.list_(pa.int64(), k)), ("score", pa.list_(pa.float32(), k))]
    )
