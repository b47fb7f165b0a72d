"""Profiles as vectors."""

import pyarrow as pa


def embeddings_schema(dimension: int) -> pa.Schema:
    """Schema of an embeddings file: one unit vector of `dimension` float32 a key."""
    return pa.schema([("key", pa.int64()), ("embedding", pa.list_(pa.float32(), dimension))])
