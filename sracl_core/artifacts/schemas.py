"""The columns of every Parquet file between stages.

Ids: items are 1 … n_items (0 is padding and never a row), users 0 … n_users−1 and prefixes 0 … n_prefixes−1; each is
the row's place in its own table. All indices into a sequence count from 0, and ends are exclusive.
"""

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
PREFIXES = pa.schema([("prefix", pa.int64()), ("user", pa.int32()), ("start", pa.int32()), ("end", pa.int32())])
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
# Texts that a team brought along; the end 0 stands for every prefix of the user.
ITEM_TEXTS = pa.schema([("item", pa.int32()), ("text", pa.string())])
USER_TEXTS = pa.schema([("user", pa.int32()), ("end", pa.int32()), ("text", pa.string())])
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
TRAINED_ON = pa.schema([("user", pa.int32()), ("items", pa.list_(pa.int32()))])


def embeddings_schema(dimension: int) -> pa.Schema:
    """Schema of an embeddings file: one unit vector of `dimension` float32 a key."""
    return pa.schema([("key", pa.int64()), ("embedding", pa.list_(pa.float32(), dimension))])


def pool_schema(k: int) -> pa.Schema:
    """Schema of a candidate pool: exactly `k` neighbours a key, best first, with their cosine."""
    return pa.schema(
        [("key", pa.int64()), ("neighbour", pa.list_(pa.int64(), k)), ("score", pa.list_(pa.float32(), k))]
    )


# Columns in which a value may be missing; in every other one a null is damage.
MAY_BE_NULL = {
    "title",
    "brand",
    "description",
    "price",
    "attributes",
    "categories",
    "address",
    "column",  # of a line that is broken as a whole
    "tokens_in",
    "tokens_out",
}
