"""What the trainer really held."""

import pyarrow as pa

TRAINED_ON = pa.schema([("user", pa.int32()), ("items", pa.list_(pa.int32()))])
