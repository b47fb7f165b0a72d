"""The vectors that pools are mined from where these are not the embeddings: made again from the training part."""

from dataclasses import replace

import numpy as np

from sracl_core.leakage.inputs.pools import Space
from sracl_core.leakage.shared.certificate import Check

NORM_TOLERANCE = 1e-4
# Another processor may turn the singular vectors as a whole, and round; the angles between vectors stay.
COSINE_TOLERANCE = 1e-3


def check_semantic(space: Space) -> Check:
    """State that pools are mined from the embeddings `space`, which are proven already."""
    what = f"{space.kind} pools are mined from the embeddings (mine.vectors is semantic)."
    return Check(f"{space.kind} space", len(space.keys), what, made_by="space")


def check_space(space: Space, rows: np.ndarray, made: np.ndarray, called: str) -> Check:
    """Prove that the vectors of `space` are unit vectors, and those at `rows` int64 [n] what the training part gives.

    `made` float32 [P, D] are all of them made again, `called` as `mine.vectors` calls them. Angles between them are
    compared. No rows: that is not proven, and the check says so.
    """
    kind, keys, vectors = space.kind, space.keys, space.vectors
    what = f"the {called} {kind} vectors are what the training part gives, by the angles between {len(rows):,} of them."
    check = Check(f"{kind} space", len(rows), what, made_by="space")
    norms = np.sqrt(np.einsum("bd,bd->b", vectors, vectors, dtype=np.float64))
    check.require_none(
        ~(np.abs(norms - 1) <= NORM_TOLERANCE),
        "vectors that are not finite or not of length 1",
        lambda row: f"key {keys[row]}: length {norms[row]}",
    )
    if made.shape != vectors.shape:
        check.refuse("other dimensions", [f"{vectors.shape[1]}, expected {made.shape[1]}"], len(keys))
    differences = np.abs(vectors[rows] @ vectors[rows].T - made[rows] @ made[rows].T)  # [n, n]
    worst = differences.sum(axis=1) / max(1, len(rows))  # [n]
    check.require_none(
        ~(worst <= COSINE_TOLERANCE),
        "vectors are not those that the training part gives",
        lambda row: f"key {keys[rows[row]]}: its cosines differ by {worst[row]:.4f} on average",
    )
    if not len(rows):
        what = f"not proven: certify.sample is 0, so the {called} {kind} vectors were not compared."
        return replace(check, what=what)
    return check
