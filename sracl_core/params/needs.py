"""What a training needs of embedding and retrieval, and why: its objective and its backbone say so."""

from dataclasses import dataclass
from typing import Literal

RetrievedName = Literal["item_pool", "user_pool", "user_embeddings", "item_embeddings"]


@dataclass(frozen=True)
class Need:
    """One artifact of embedding or retrieval that a training reads.

    `why` is told where it cannot be had, as "train.objectives.sracl.alpha is 0.1: the inter-user contrast needs
    candidate pools of training prefixes"; `without` is how to do without it, as "train.objectives.sracl.alpha to 0".
    """

    artifact: RetrievedName
    why: str
    without: str
