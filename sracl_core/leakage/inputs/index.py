"""The FAISS index: of the right kind, and of the very vectors that pools are mined from."""

from pathlib import Path

from sracl_core.leakage.inputs.pools import Space
from sracl_core.leakage.shared.certificate import Check
from sracl_core.retrieval.index.faiss_index import read_index


def check_index(path: Path, space: Space) -> Check:
    """Prove that the index at `path` is a flat one by inner product, of the vectors of `space` and no others.

    Those must be proven already. Raises ArtifactError where it is damaged, of another kind or of other vectors.
    """
    index = read_index(path, space.keys, space.vectors)
    what = f"the {space.kind} index is flat, by inner product, and holds each distinct vector, in order and exactly."
    return Check(f"{space.kind} index", index.ntotal, what, made_by=f"index@{space.kind}")
