"""The embeddings: one unit vector a profile, and a sample of them encoded again."""

from collections.abc import Sequence

import numpy as np

from sracl_core.embed.encoders.protocol import Encoder
from sracl_core.embed.vectors import embed_texts
from sracl_core.leakage.inputs.pools import Space
from sracl_core.leakage.inputs.prompts import require_same_keys
from sracl_core.leakage.shared.certificate import Check

WHAT = "there is one finite unit vector for each {kind} profile and no other, in the order of the keys."
# Unit vectors in float32 are off by about 1e-6 after a sum over a thousand dimensions.
NORM_TOLERANCE = 1e-4
# Two encodings of one text, in other batches or on another kind of processor, differ in their last bits alone.
SAME_COSINE = 0.999


def check_keys(kind: str, found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return `found` int64 [P], the keys of the embeddings, if they are the `expected` ones in their order."""
    check = Check(f"{kind} embeddings", len(found), WHAT.format(kind=kind), made_by=f"embed@{kind}")
    require_same_keys(check, found, expected)
    check.require_none(found != expected, "vectors out of the order of their keys", lambda row: f"key {found[row]}")
    return found


def check_embeddings(space: Space) -> Check:
    """Prove that each profile has one finite unit vector; the keys of `space` must be proven (`check_keys`)."""
    what = WHAT.format(kind=space.kind)
    check = Check(f"{space.kind} embeddings", len(space.keys), what, made_by=f"embed@{space.kind}")
    norms = np.sqrt(np.einsum("bd,bd->b", space.vectors, space.vectors, dtype=np.float64))  # [P], NaN where a value is
    check.require_none(
        ~(np.abs(norms - 1) <= NORM_TOLERANCE),
        "vectors that are not finite or not of length 1",
        lambda row: f"key {space.keys[row]}: length {norms[row]}",
    )
    return check


def check_encoding(space: Space, rows: np.ndarray, texts: Sequence[str], encoder: Encoder | None) -> Check:
    """Prove of the sampled `rows` int64 [n] of `space` that their vectors are what `encoder` makes of their `texts`.

    Keys and norms must be proven already. None for the encoder, or no rows: nothing is proven, and the check says so.
    """
    kind, keys, vectors = space.kind, space.keys, space.vectors
    of = f"{len(rows):,} of {len(keys):,} {kind} vectors, drawn with certify.seed,"
    what = f"{of} are what the encoder makes of their texts (cosine at least {SAME_COSINE})."
    if encoder is None:
        what = f"not proven: certify.sample is 0, so no {kind} vector was encoded again."
        if len(rows):
            what = f"not proven: the {kind} vectors were brought (embed.engine is table), made of what is unknown."
    check = Check(f"{kind} encoding", len(rows) if encoder else 0, what, made_by=f"embed@{kind}")
    if encoder is None:
        return check
    if encoder.dimension != vectors.shape[1]:
        check.refuse("other dimensions", [f"{vectors.shape[1]}, the encoder's is {encoder.dimension}"], len(rows))
    again = embed_texts(texts, encoder, max(1, len(rows)))  # [n, D]
    cosines = np.einsum("nd,nd->n", again, vectors[rows], dtype=np.float64)
    check.require_none(
        ~(cosines >= SAME_COSINE),
        "vectors are not what the encoder makes of the text",
        lambda row: f"key {keys[rows[row]]}: cosine {cosines[row]:.4f}",
    )
    return check
