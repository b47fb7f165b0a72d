"""Texts that a team brought along; the end 0 stands for every prefix of the user."""

import pyarrow as pa

ITEM_TEXTS = pa.schema([("item", pa.int32()), ("text", pa.string())])
USER_TEXTS = pa.schema([("user", pa.int32()), ("end", pa.int32()), ("text", pa.string())])
