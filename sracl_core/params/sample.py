"""Section `sample`: the built-in data set."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from sracl_core.params.reading.kinds import Seed
from sracl_core.params.reading.section import Section

MOST_PAIRS = 100_000_000  # of shoppers and items: some gigabytes while it is made


class SampleParams(Section):
    """The built-in sample data set."""

    key: ClassVar[str] = "sample"

    shoppers: int = Field(1500, ge=20, le=1_000_000, description="shoppers to generate")
    items: int = Field(800, ge=20, le=1_000_000, description="items in the generated catalogue")
    mean_purchases: float = Field(9.0, ge=6, le=1000, description="mean purchases of a shopper")
    seed: Seed = Field(7, description="seed of the generator")

    @model_validator(mode="after")
    def _pairs_fit_memory(self) -> Self:
        if self.shoppers * self.items > MOST_PAIRS:
            raise ValueError(
                f"expected at most {MOST_PAIRS} pairs of shoppers and items, since the generator holds a number for "
                f"each, got {self.shoppers} x {self.items}"
            )
        return self
