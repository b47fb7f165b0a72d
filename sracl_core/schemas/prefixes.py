"""The training prefixes that have a profile."""

import pyarrow as pa

PREFIXES = pa.schema([("prefix", pa.int64()), ("user", pa.int32()), ("start", pa.int32()), ("end", pa.int32())])
