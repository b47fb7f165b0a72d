"""Kinds of values that several sections hold, with bounds that no real run meets.

Beyond them lies what a slip of the finger asks for: threads without number, or a matrix larger than any memory.
"""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic.fields import FieldInfo

from sracl_core.ground.outside import control_characters

SEED_BITS = 32  # what NumPy and PyTorch both take
MOST_CHARACTERS = 4096  # the longest path that a system takes
MOST_COLUMNS = 10_000  # of a table, and keys of a JSON object
MOST_WORDS = 10_000
MOST_TOKENS = 10_000_000  # longer than the context of any model


def _plain(text: str) -> str:
    if sign := control_characters(text):
        raise ValueError(f"it holds the control character {sign!r}, got {text!r}; take it out")
    return text


def _plain_lines(text: str) -> str:
    if sign := control_characters(text, allowed="\t\n\r"):
        raise ValueError(f"it holds the control character {sign!r}, got {text!r}; take it out")
    return text


Seed = Annotated[int, Field(ge=0, lt=2**SEED_BITS)]
Share = Annotated[float, Field(ge=0, le=1)]
OFF_AT_0 = "off at 0"  # what says of a field that it is a weight
Weight = Annotated[float, Field(ge=0, le=1000), OFF_AT_0]  # of a part of the loss
Temperature = Annotated[float, Field(ge=0.001, le=1000)]  # of InfoNCE
Words = Annotated[int, Field(ge=1, le=MOST_WORDS)]
# What names files, models or parts; and columns, whose names may run over lines in a spreadsheet.
Text = Annotated[str, Field(max_length=MOST_CHARACTERS), AfterValidator(_plain)]
ColumnText = Annotated[str, Field(max_length=MOST_CHARACTERS), AfterValidator(_plain_lines)]


def is_weight(field: FieldInfo) -> bool:
    """Whether a field of parameters is a `Weight`, of a part of the loss that 0 switches off."""
    return OFF_AT_0 in field.metadata
