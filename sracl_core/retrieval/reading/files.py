"""The artifacts that a training may read beside sequences, and those of them that it does."""

from dataclasses import dataclass
from pathlib import Path

from sracl_core.params.needs import Need, RetrievedName


@dataclass(frozen=True)
class RetrievalFiles:
    """The artifacts that embedding and retrieval leave to training."""

    item_pool: Path
    user_pool: Path
    user_embeddings: Path
    item_embeddings: Path


def needed_files(files: RetrievalFiles, needs: list[Need]) -> list[Path]:
    """Return those of `files` that a training with these `needs` reads, in the order that its provenance has."""
    wanted = {need.artifact for need in needs}
    order: tuple[RetrievedName, ...] = ("user_pool", "item_pool", "user_embeddings", "item_embeddings")
    return [getattr(files, name) for name in order if name in wanted]
