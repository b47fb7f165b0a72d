"""What form a file has: told by its first bytes, and only then by its name."""

from typing import Literal

from sracl_core.ingest.raw import signatures
from sracl_core.ingest.raw.encoding import encoding_of
from sracl_core.ingest.raw.files import RawFile

Form = Literal["parquet", "json", "delimited"]


def form_of(file: RawFile) -> Form:
    """Return the form of `file`: Parquet by its mark, JSON where it begins with a brace or bracket, else delimited.

    Raises DataError as `RawFile.open` does.
    """
    head = file.head()
    if head.startswith(signatures.PARQUET):
        return "parquet"
    encoding = encoding_of(head)
    text = head[encoding.mark :].decode(encoding.name, errors="replace").lstrip()
    return "json" if text.startswith(("{", "[")) else "delimited"
