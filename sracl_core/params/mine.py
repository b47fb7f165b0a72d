"""Section `mine`: from vectors to candidate pools."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from sracl_core.params.reading.kinds import Seed
from sracl_core.params.reading.section import Section


class MineParams(Section):
    """Candidate pools."""

    key: ClassVar[str] = "mine"

    k: int = Field(10, ge=1, le=10_000, description="candidates in each pool")
    exclude_same_user: bool = Field(True, description="no prefix of the anchor's own user in its pool")
    vectors: Literal["semantic", "collaborative", "random"] = Field(
        "semantic", description="what is near: by text, by co-occurrence in training sequences, or by chance"
    )
    dimension: int = Field(64, ge=1, le=4096, description="numbers in a collaborative or random vector")
    seed: Seed = Field(7, description="seed of collaborative and random vectors")

    def chosen(self, embeddings: Path, space: Path) -> Path:
        """Return the file whose vectors pools are mined from: the `embeddings`, or the `space` without semantics."""
        return embeddings if self.vectors == "semantic" else space
