"""Section `runtime`: how the stages are run. No stage declares it to DVC: it invalidates nothing."""

import re
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from sracl_core.params.reading.section import Section
from sracl_core.params.reading.veil import KEY_ADVICE, KEY_TEXT

A_WEEK = 7 * 24 * 3600  # seconds
EXAMPLE = "http://127.0.0.1:8000/v1"


def _server_address(url: str) -> str:
    """`url` if it is the plain address of a server; what is wrong is not shown, since it may hold a secret."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        plain = False
    if not plain or re.search(r"[@?#\s]", url) or not url.isprintable() or KEY_TEXT.search(url):
        raise ValueError(
            f"expected a plain address such as {EXAMPLE}, without user, password, query or spaces; {KEY_ADVICE}"
        )
    if parts.path.rstrip("/").endswith("/completions"):
        raise ValueError(f"the address must end before /chat/completions, as a rule at /v1: {EXAMPLE} for example")
    return url


class RuntimeParams(Section):
    """Where and how fast, never what."""

    key: ClassVar[str] = "runtime"

    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto takes a GPU where there is one")
    threads: int | None = Field(None, ge=1, le=1024, description="CPU threads; null takes what the machine has")
    memory_gb: float = Field(2.0, gt=0.1, le=100_000, description="memory DuckDB may take before it goes to disk, GB")
    embed_batch: int | None = Field(
        None, ge=1, le=1_000_000, description="texts encoded at once; null: 32 on a CPU, 256 on a GPU"
    )
    rank_tile_mb: float = Field(
        256.0, ge=1, le=1_000_000, description="memory of one tile of scores in the full ranking, MB"
    )
    processes: int = Field(1, ge=1, le=256, description="processes that share every batch of training, one a GPU")
    checkpoint_minutes: float = Field(
        10.0, gt=0, le=1_000_000, description="minutes between checkpoints inside an epoch of training"
    )
    deterministic: bool = Field(False, description="byte-equal results on a GPU too, at some cost in speed")
    vllm_gpu_share: float = Field(0.9, ge=0.01, le=1, description="share of a GPU's memory that vLLM takes")
    vllm_gpus: int = Field(1, ge=1, le=1024, description="GPUs that share one copy of the model")
    vllm_cpu_cache_gb: int = Field(2, ge=1, le=100_000, description="memory of vLLM's cache on a CPU, GB")
    server_url: Annotated[str, Field(max_length=2048), AfterValidator(_server_address)] = Field(
        EXAMPLE, description="OpenAI-compatible server"
    )
    server_concurrency: int = Field(64, ge=1, le=10_000, description="requests under way at once")
    server_timeout_s: float = Field(
        120.0, ge=0.01, le=A_WEEK, description="seconds to wait for an answer before asking again"
    )
    server_patience_s: float = Field(
        600.0, ge=0, le=A_WEEK, description="seconds a server may fail or refuse for load before the stage gives up"
    )
