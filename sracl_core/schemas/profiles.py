"""Profiles, and the contexts that are told of an item."""

import pyarrow as pa

CONTEXTS = pa.schema([("item", pa.int32()), ("user", pa.int32()), ("start", pa.int32()), ("end", pa.int32())])
PROFILES = pa.schema(
    [
        ("key", pa.int64()),
        ("text", pa.string()),
        ("request_sha256", pa.string()),
        ("address", pa.string()),
        ("engine", pa.string()),
        ("tokens_in", pa.int32()),
        ("tokens_out", pa.int32()),
    ]
)
