"""The texts of profiles to unit vectors: every distinct text encoded once, texts of like length together."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sracl_core.artifacts.tables import read_table
from sracl_core.embed.encoders.protocol import Encoder
from sracl_core.ground.errors import ArtifactError, ModelError
from sracl_core.ground.plugins import load_plugin, require_part
from sracl_core.progress import Progress
from sracl_core.schemas.profiles import PROFILES
from sracl_core.vectors import first_unordered, read_embeddings

ENCODER = ("name", "dimension", "token_counts", "encode")
# A CPU is fastest while what a layer makes stays in its cache, a GPU while it has much to do at once.
BATCH, GPU_BATCH = 32, 256


def load_encoder(part: str, params: Any, device: str) -> Encoder:
    """Return the encoder `part` with its own parameters, on the torch device `device`.

    Raises ModelError when it cannot be loaded.
    """
    make = require_part(part, load_plugin("sracl_core.embed.encoders", part), "encoder", ("__call__",))
    encoder: Encoder = require_part(part, make(params, device), "encoder", ENCODER)
    return encoder


def batch_on(device: str) -> int:
    """Return how many texts are encoded at once on the torch device `device` where nobody chose a number."""
    return BATCH if device == "cpu" else GPU_BATCH


def embed_texts(texts: Sequence[str], encoder: Encoder, batch: int) -> np.ndarray:
    """Return the unit vectors of `texts`, float32 [n, D]; equal texts have equal vectors.

    At most `batch` texts are encoded at once. Batches hold texts of like token count, so that little padding is
    computed. Raises ModelError when the encoder returns another number or dimension of vectors, or one that is not
    finite or zero.
    """
    rows: dict[str, int] = {}
    of_text = np.fromiter((rows.setdefault(text, len(rows)) for text in texts), np.int64, len(texts))  # [n]
    distinct = list(rows)
    vectors = np.empty((len(distinct), encoder.dimension), dtype=np.float32)  # [distinct, D]
    counts = encoder.token_counts(distinct) if distinct else np.empty(0, np.int64)
    # The longest first: what does not fit into memory fails at once.
    order = np.argsort(-counts, kind="stable")
    with Progress("embed", len(distinct), "texts") as progress:
        for begin in range(0, len(order), batch):
            chosen = order[begin : begin + batch]
            vectors[chosen] = _unit(encoder.encode([distinct[row] for row in chosen]), len(chosen), encoder.dimension)
            progress.advance(len(chosen))
    return vectors[of_text]


def read_texts(path: Path) -> tuple[np.ndarray, list[str]]:
    """Return the keys int64 [P], ascending, and the texts [P] of the profiles at `path`.

    Raises ArtifactError when it cannot be read, or its keys don't ascend: the vectors take over their order.
    """
    table = read_table(path, PROFILES)
    keys = table["key"].to_numpy()
    if (row := first_unordered(keys)) is not None:
        raise ArtifactError(
            f"{path} cannot be used: its keys don't ascend at row {row} (key {keys[row]} after {keys[row - 1]}). "
            "Run `dvc repro` to make it again."
        )
    return keys, table["text"].to_pylist()


def read_brought(path: Path, profiles: Path, keys: np.ndarray) -> np.ndarray:
    """Return the unit vectors float32 [P, D] that were brought along, at `path`, for the `keys` int64 [P].

    Raises ArtifactError when they cannot be read, are no unit vectors, or not of the keys of the `profiles`.
    """
    found, vectors = read_embeddings(path)
    if not np.array_equal(found, keys):
        raise ArtifactError(f"{path} and {profiles} have other keys. Run `dvc repro` to make them again.")
    return vectors


def _unit(vectors: np.ndarray, count: int, dimension: int) -> np.ndarray:
    """Return `vectors` [count, D] at length 1; raises ModelError when they cannot be."""
    advice = "Try another encoder or model in embed, or a smaller runtime.embed_batch."
    if vectors.shape != (count, dimension):
        raise ModelError(
            f"The encoder returned an array of shape {vectors.shape} for {count} texts, expected {(count, dimension)}. "
            f"{advice}"
        )
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    wrong = np.flatnonzero(~(np.isfinite(norms) & (norms > 0)))
    if len(wrong):
        raise ModelError(
            f"The encoder returned a vector that is zero or not finite for {len(wrong)} of {count} texts of a batch. "
            f"{advice}"
        )
    return (vectors / norms).astype(np.float32)
