"""Section `runtime`: how the stages are run. No stage declares it to DVC: it invalidates nothing."""

from typing import ClassVar, Literal

from pydantic import Field

from sracl_core.params.section import Section


class RuntimeParams(Section):
    """Where and how fast, never what."""

    key: ClassVar[str] = "runtime"

    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto takes a GPU where there is one")
    threads: int | None = Field(None, ge=1, description="CPU threads; null takes what the machine has")
    memory_gb: float = Field(2.0, gt=0.1, description="memory DuckDB may take before it goes to disk, GB")
    embed_batch: int = Field(128, ge=1, description="texts encoded at once")
    rank_tile_mb: float = Field(256.0, gt=0, description="memory of one tile of scores in the full ranking, MB")
    processes: int = Field(1, ge=1, description="processes that share every batch of training, one a GPU")
    checkpoint_minutes: float = Field(10.0, gt=0, description="minutes between checkpoints inside an epoch of training")
    deterministic: bool = Field(False, description="byte-equal results on a GPU too, at some cost in speed")
    vllm_gpu_share: float = Field(0.9, gt=0, le=1, description="share of a GPU's memory that vLLM takes")
    vllm_gpus: int = Field(1, ge=1, description="GPUs that share one copy of the model")
    vllm_cpu_cache_gb: int = Field(2, ge=1, description="memory of vLLM's cache on a CPU, GB")
    server_url: str = Field("http://127.0.0.1:8000/v1", description="OpenAI-compatible server")
    server_concurrency: int = Field(64, ge=1, description="requests under way at once")
    server_timeout_s: float = Field(120.0, gt=0, description="seconds to wait for an answer before asking again")
    server_patience_s: float = Field(
        600.0, ge=0, description="seconds a server may fail or refuse for load before the stage gives up"
    )
