"""Several runs at once: each prompt is paid once, and a killed run's claims are taken over."""

import multiprocessing
import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.schemas import PROFILES
from sracl_core.artifacts.tables import read_table
from sracl_core.profile.store.answers import AnswerStore, address_of
from sracl_core.profile.store.claims import Claims
from sracl_core.profile.write import write_profile_table
from tests.profile.engines.server import Act, MisbehavingServer, Received, engine, good, requests

CONTEXT = multiprocessing.get_context("spawn")
PROMPTS = 60

pytestmark = pytest.mark.usefixtures("quick_server")


def write(url: str, folder: Path, name: str) -> None:
    """One run: the profiles of all prompts, by the server, into a table of its own and a store that all share."""
    store = AnswerStore(folder / "store")
    write_profile_table(
        folder / name, requests(PROMPTS), engine(url), store, Provenance("t", "", ""), max_fallback=0, total=PROMPTS
    )


def start(server: MisbehavingServer, folder: Path, names: list[str]) -> list[Any]:
    processes = [CONTEXT.Process(target=write, args=(server.url, folder, name)) for name in names]
    for process in processes:
        process.start()
    return processes


def slowly(received: Received) -> Act:
    return Act(**{**vars(good(received)), "delay": 0.05})


def paid(server: MisbehavingServer) -> Counter[str]:
    return Counter(server.prompts)


def test_runs_at_once_pay_each_prompt_once_and_end_with_the_same(tmp_path: Path) -> None:
    names = ["one", "two", "three"]
    with MisbehavingServer(slowly) as server:
        for process in start(server, tmp_path, names):
            process.join()
            assert process.exitcode == 0
        assert set(paid(server).values()) == {1} and len(paid(server)) == PROMPTS
        write(server.url, tmp_path, "again")
        assert len(server.received) == PROMPTS
    tables = {(tmp_path / name).read_bytes() for name in (*names, "again")}
    assert len(tables) == 1
    assert len(read_table(tmp_path / "one", PROFILES)) == PROMPTS


def test_the_claims_of_a_killed_run_are_taken_over(tmp_path: Path) -> None:
    """What it had under way is asked once more, and nothing else."""
    with MisbehavingServer(slowly) as server:
        [killed] = start(server, tmp_path, ["killed"])
        while len(server.received) < PROMPTS // 3:
            time.sleep(0.01)
        [waiting] = start(server, tmp_path, ["waiting"])
        while len(server.received) < PROMPTS // 2:
            time.sleep(0.01)
        os.kill(killed.pid, signal.SIGKILL)
        waiting.join()
        assert waiting.exitcode == 0
        times = paid(server)
    assert len(times) == PROMPTS and max(times.values()) <= 2
    assert sum(count == 2 for count in times.values()) <= 2 * 4  # under way at once, and answered but not yet kept
    assert len(read_table(tmp_path / "waiting", PROFILES)) == PROMPTS


def hold(folder: Path, addresses: list[str], ready: Any) -> None:
    claims = Claims(folder)
    assert claims.take(addresses) == set(addresses)
    ready.set()
    time.sleep(60)


def test_claims_of_a_whole_window_are_cheap_and_end_with_their_process(tmp_path: Path) -> None:
    addresses = [address_of("model", str(number)) for number in range(8_192)]
    ready = CONTEXT.Event()
    holder = CONTEXT.Process(target=hold, args=(tmp_path, addresses[:4_096], ready))
    holder.start()
    ready.wait()
    claims = Claims(tmp_path)
    started = time.perf_counter()
    assert claims.take(addresses) == set(addresses[4_096:])
    assert time.perf_counter() - started < 1
    holder.kill()
    holder.join()
    assert claims.take(addresses[:4_096]) == set(addresses[:4_096])
    claims.release(addresses)
    assert not any(path.stat().st_size for path in (tmp_path / "asking").iterdir())
