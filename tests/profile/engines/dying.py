"""Profiles by vLLM in two processes, one of which is killed after the first answer: `python -m … MODEL STORE TABLE`."""

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from sracl_core.artifacts.provenance import Provenance
from sracl_core.ground.console import guarded, prepare
from sracl_core.params.profile import LlmParams, UserProfileParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.asking.write import write_profile_table
from sracl_core.profile.engines.protocol import EngineSettings
from sracl_core.profile.prefixes import build_prefixes
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.load import load_engine
from sracl_core.profile.prompting.requests import user_requests
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.ragged import Ragged
from sracl_core.schemas.ingest import ITEMS

# Not of test_vllm.py: that brings numba, which processes of vLLM on a CPU can't be started with.
CATALOGUE = pa.Table.from_pylist(
    [{"item": n, "item_id": f"k{n}", "title": f"Kettle {n}", "attributes": []} for n in range(1, 13)], schema=ITEMS
)
SEQUENCES = Ragged.from_lists([[n, n % 12 + 1, (n + 3) % 12 + 1] for n in range(1, 13)] * 4)


def kill_a_worker() -> None:
    """Kill the last process that vLLM has started, as the system does where memory runs out."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    workers = [int(one) for one in children if "VLLM::Worker" in Path(f"/proc/{one}/cmdline").read_text()]
    os.kill(workers[-1], signal.SIGKILL)


def main(model: str, store: str, table: str) -> None:
    """Write the profiles of all users, as far as that goes."""
    params = UserProfileParams(preferences_words=4, data_tokens=400)
    llm = LlmParams.model_validate({"model": model, "dtype": "float32", "max_tokens": 120})
    settings = EngineSettings(
        Catalogue.from_table(CATALOGUE), "products", params, llm, RuntimeParams(vllm_cpu_cache_gb=1, vllm_gpus=2)
    )
    engine = load_engine("vllm", settings)
    write = engine.write

    def write_then_kill(requests: Iterable) -> Iterator:
        for number, answer in enumerate(write(requests)):
            yield answer
            if number == 0:
                kill_a_worker()

    engine.write = write_then_kill  # type: ignore[method-assign]
    requests = list(user_requests(CATALOGUE, build_prefixes(SEQUENCES, params), SEQUENCES, params))
    write_profile_table(
        Path(table), requests, engine, AnswerStore(Path(store)), Provenance("test", "0", "0"), max_fallback=0,
        total=len(requests),
    )  # fmt: skip


if __name__ == "__main__":
    prepare()
    guarded(main)(*sys.argv[1:])
