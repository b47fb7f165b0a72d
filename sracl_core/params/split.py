"""Section `split`: how histories are cut into training, validation and test."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from sracl_core.params.reading.section import Section


class SplitParams(Section):
    """How each user's history is cut."""

    key: ClassVar[str] = "split"

    method: Literal["leave_one_out", "timeline"] = Field(
        "leave_one_out", description="last items, or two dates for all"
    )
    valid_share: float = Field(0.1, gt=0, lt=1, description="timeline: share of interactions in the validation window")
    test_share: float = Field(0.1, gt=0, lt=1, description="timeline: share of interactions in the test window")

    @model_validator(mode="after")
    def _something_left(self) -> Self:
        if self.valid_share + self.test_share >= 1:
            raise ValueError("valid_share + test_share must stay below 1, or nothing is left to train on")
        return self
