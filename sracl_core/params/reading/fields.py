"""A group of parameters: strict types, nothing unknown, nothing changed later."""

from typing import Self

from pydantic import BaseModel, ConfigDict


class Fields(BaseModel):
    """A group of parameters: nothing unknown, nothing missing, no silent conversion, immutable."""

    # A field whose name is a word of Python (`from`) has that as its alias.
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        populate_by_name=True,
        hide_input_in_errors=True,  # it may be a secret in the wrong place
    )

    @classmethod
    def shipped(cls) -> Self:
        """Return the values that `params.yaml` is shipped with."""
        return cls()
