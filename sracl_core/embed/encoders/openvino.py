"""The same encoders as sentence-transformers runs, computed by OpenVINO: faster on a CPU.

The model is loaded, and texts are cut into tokens, by sentence-transformers; from tokens to vectors, with pooling and
all, it is converted on the spot, in memory. Nothing is fetched for it and nothing written.
"""

import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from sracl_core.embed.encoders.sentence_transformers import SentenceTransformerEncoder
from sracl_core.ground.errors import ModelError
from sracl_core.ground.faults import is_shortage

INSTALL = "pip install '.[openvino]'"
TYPES = {"float32": "f32", "bfloat16": "bf16"}
# Texts of other lengths than those that the conversion sees: what it took for a constant shows in their vectors.
PROBES = ("tea", "A stapler for the office desk, with a box of staples.", "green tea from Uji " * 40)
EXAMPLES = ("Sencha, loose leaf.", "A heavy desk lamp with a long arm.")
# Float32 of both differs by about 1e-6 in the cosine.
SAME_COSINE = 0.9999


class OpenVinoEncoder(SentenceTransformerEncoder):
    """A sentence-transformers model that sees at most `max_tokens` tokens of a text, run by OpenVINO on the CPU."""

    def __init__(self, model: str, max_tokens: int, device: str, precision: str) -> None:
        if find_spec("openvino") is None:
            raise ModelError(
                f"embed.engine is openvino, but the package openvino is not installed. Install it with `{INSTALL}`, "
                "or set embed.engine to sentence_transformers."
            )
        # It is loaded for the CPU whatever `device` is, and in float32: what it is converted from is then exact.
        super().__init__(model, max_tokens, "cpu", "float32")
        expected = self.encode(PROBES)
        try:
            graph, names = _converted(self._model)
            # Compared in float32: bfloat16 is asked for, and its loss no fault of the conversion.
            self._model.forward = _Compiled(graph, names, "float32")
            found = self.encode(PROBES)
            if precision != "float32":
                self._model.forward = _Compiled(graph, names, precision)
                self.encode(PROBES)
        except (RuntimeError, TypeError, ValueError, KeyError, AttributeError) as error:
            if is_shortage(error):  # the model may be whole
                raise
            reason = (str(error).strip() or repr(error)).splitlines()[-1]  # the first tells a place in OpenVINO
            raise ModelError(
                f"embed.model {model!r} cannot be run by OpenVINO in {precision}: {reason}. {_ADVICE}"
            ) from error
        worst = _lowest_cosine(expected, found)
        if not worst >= SAME_COSINE:
            raise ModelError(
                f"embed.model {model!r}, converted for OpenVINO, makes other vectors than sentence-transformers does "
                f"(cosine {worst:.4f}, expected at least {SAME_COSINE}). {_ADVICE}"
            )


_ADVICE = "Set embed.engine to sentence_transformers, which runs it as it is."


class _Compiled:
    """Takes the place of the model's `forward`: features in, the same with `sentence_embedding` float32 [n, D] out."""

    def __init__(self, graph: Any, names: list[str], precision: str) -> None:
        import openvino

        settings = {
            "INFERENCE_PRECISION_HINT": TYPES[precision],  # by itself it would choose by the processor
            "PERFORMANCE_HINT": "LATENCY",  # all threads at one batch
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        }
        self._request = openvino.Core().compile_model(graph, "CPU", settings).create_infer_request()
        self._names = names

    def __call__(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        # The result is copied: OpenVINO's own memory is written again by the next batch.
        vectors = self._request.infer([features[name].numpy() for name in self._names])[0].copy()
        return {**features, "sentence_embedding": torch.from_numpy(vectors)}


class _Vectors(torch.nn.Module):
    """A sentence-transformers model as a function of tensors alone, one a name of `names`."""

    def __init__(self, model: Any, names: list[str]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        return self.model(dict(zip(self.names, tensors, strict=True)))["sentence_embedding"]


def _converted(model: Any) -> tuple[Any, list[str]]:
    """The graph of `model`, of any number and length of texts, and the names of its inputs in their order."""
    import openvino

    make = getattr(model, "preprocess", None) or model.tokenize  # its name before sentence-transformers 6
    features = {name: value for name, value in make(list(EXAMPLES)).items() if isinstance(value, torch.Tensor)}
    names = list(features)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what might be taken for a constant is seen by the probes
        graph = openvino.convert_model(_Vectors(model.eval(), names), example_input=tuple(features.values()))
    return graph, names


def _lowest_cosine(one: np.ndarray, other: np.ndarray) -> float:
    if one.shape != other.shape:
        return float("nan")
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(np.min(np.einsum("nd,nd->n", one, other) / norms))


PLUGIN = OpenVinoEncoder
