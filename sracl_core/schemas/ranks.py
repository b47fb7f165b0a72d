"""The rank of every held-out item."""

import pyarrow as pa

RANKS = pa.schema(
    [
        ("split", pa.string()),
        ("user", pa.int32()),
        ("target", pa.int32()),
        ("rank", pa.int32()),
        ("history_length", pa.int32()),
        ("target_count", pa.int32()),
    ]
)
