"""What ingest writes: interactions, items, users, their sequences, and the rows it rejected."""

import pyarrow as pa

INTERACTIONS = pa.schema(
    [("user", pa.int32()), ("item", pa.int32()), ("timestamp", pa.int64()), ("position", pa.int32())]
)
ITEMS = pa.schema(
    [
        ("item", pa.int32()),
        ("item_id", pa.string()),
        ("title", pa.string()),
        ("brand", pa.string()),
        ("categories", pa.list_(pa.string())),
        ("description", pa.string()),
        ("price", pa.string()),
        ("attributes", pa.map_(pa.string(), pa.string())),
    ]
)
USERS = pa.schema([("user", pa.int32()), ("user_id", pa.string()), ("n_train", pa.int32())])
SEQUENCES = pa.schema(
    [
        ("user", pa.int32()),
        ("train", pa.list_(pa.int32())),
        ("valid", pa.list_(pa.int32())),
        ("test", pa.list_(pa.int32())),
    ]
)
REJECTED = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int64()),
        ("column", pa.string()),
        ("reason", pa.string()),
        ("text", pa.string()),
    ]
)
