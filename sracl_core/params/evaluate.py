"""Section `evaluate`: the full ranking and its slices."""

from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from sracl_core.params.reading.section import Section


def _increasing(values: list[int]) -> list[int]:
    if any(low >= high for low, high in pairwise(values)):
        raise ValueError(f"expected positive whole numbers in increasing order, got {values}")
    return values


MOST_ITEMS = 10_000_000

IncreasingList = Annotated[
    list[Annotated[int, Field(ge=1, le=MOST_ITEMS)]], Field(max_length=100), AfterValidator(_increasing)
]


class EvaluateParams(Section):
    """Metrics."""

    key: ClassVar[str] = "evaluate"

    cutoffs: IncreasingList = Field([5, 10, 20], min_length=1, description="K of HR@K, NDCG@K and MRR@K")
    mask_seen: bool = Field(False, description="rank items of the history behind all others")
    head_share: float = Field(
        0.2, gt=0, lt=1, description="share of items, most popular in training first, called head"
    )
    length_edges: IncreasingList = Field([5, 10, 20], description="history lengths, in items, where a new slice begins")
