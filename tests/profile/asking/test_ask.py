"""Several runs at once: each prompt is paid once, and a killed run's claims are taken over."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table
from sracl_core.ground.errors import ModelError
from sracl_core.profile.asking.write import write_profile_table, write_profiles
from sracl_core.profile.engines.protocol import Answer, Engine
from sracl_core.profile.prompting.requests import ProfileRequest
from sracl_core.profile.store.answers import AnswerStore, address_of
from sracl_core.profile.store.claims import Claims
from sracl_core.schemas.profiles import PROFILES
from tests.profile.engines.server import Act, MisbehavingServer, Received, engine, good, requests
from tests.profile.store.claiming import held_by_another

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
        waiting = start(server, tmp_path, ["one", "two"])
        while len(server.received) < PROMPTS // 2:
            time.sleep(0.01)
        os.kill(killed.pid, signal.SIGKILL)
        killed.join()
        before = set(server.prompts)
        for process in waiting:
            process.join()
            assert process.exitcode == 0
        times = paid(server)
    assert len(times) == PROMPTS and max(times.values()) <= 2
    assert sum(count == 2 for count in times.values()) <= 2 * 4  # under way at once, and answered but not yet kept
    assert {prompt for prompt, count in times.items() if count == 2} <= before
    assert len(read_table(tmp_path / "one", PROFILES)) == PROMPTS
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_run_waits_and_asks_for_what_the_other_ends_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other one answers nothing, as where all it got was broken; its prompts come after those that are free."""
    with MisbehavingServer() as server:
        one = engine(server.url)
        texts = [one.prompt(request) for request in requests(PROMPTS)]
        held = [address_of(one.identity, text) for text in texts[10:20]]
        with held_by_another(tmp_path / "store", held) as other:
            threading.Timer(1.0, other.kill).start()
            write(server.url, tmp_path, "table")
        places = [int(prompt.split("Tea ")[1].split('"')[0]) for prompt in server.prompts]
    assert sorted(places[:50]) == [*range(10), *range(20, 60)]
    assert sorted(places[50:]) == list(range(10, 20))
    assert capsys.readouterr().err.count("10 answers are being asked for by another run. This one waits") == 1


def test_an_interrupted_run_gives_up_its_claims_and_keeps_its_answers(tmp_path: Path) -> None:
    with MisbehavingServer(slowly) as server:
        one, store = engine(server.url), AnswerStore(tmp_path / "store")
        written = write_profiles(requests(PROMPTS), Interrupted(one), store)  # type: ignore[arg-type]
        with pytest.raises(KeyboardInterrupt):
            next(written)
    addresses = [address_of(one.identity, one.prompt(request)) for request in requests(PROMPTS)]
    assert len(store.find(addresses)) == Interrupted.AFTER
    with held_by_another(tmp_path / "store", addresses):  # all of them were free
        pass


class Interrupted:
    """The engine `inner`, interrupted as by Ctrl-C after some answers."""

    AFTER = 7

    def __init__(self, inner: Engine) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, asked: Iterable[ProfileRequest]) -> Iterator[Answer]:
        yield from islice(self.inner.write(asked), self.AFTER)
        raise KeyboardInterrupt


def test_claims_of_a_whole_window_are_cheap_and_end_with_their_process(tmp_path: Path) -> None:
    addresses = [address_of("model", str(number)) for number in range(8_192)]
    with held_by_another(tmp_path, addresses[:4_096]) as holder, Claims(tmp_path) as claims:
        started = time.perf_counter()
        assert claims.take(addresses) == set(addresses[4_096:])
        claims.release(addresses[4_096:])
        assert time.perf_counter() - started < 1
        assert not claims.free(addresses[0]) and claims.free(addresses[-1])
        holder.kill()
        holder.wait()
        assert claims.take(addresses) == set(addresses)
    assert not any(path.stat().st_size for path in (tmp_path / "asking").iterdir())


def test_what_keeps_a_claim_from_being_made_is_nobodys_claim(tmp_path: Path) -> None:
    """Or a run would wait for ever."""
    with Claims(tmp_path) as claims:
        (tmp_path / "asking/3f").mkdir()
        assert claims.take(["00" * 32]) == {"00" * 32}
        with pytest.raises(IsADirectoryError):
            claims.take(["ff" * 32])
    for path in (tmp_path / "asking/00", tmp_path):
        path.chmod(0o644 if path.is_file() else 0o755)
    program = """
import os, sys
from pathlib import Path
from sracl_core.profile.store.claims import Claims
if os.geteuid() == 0:
    os.setegid(65534), os.seteuid(65534)
else:
    Path(sys.argv[1], "asking/00").chmod(0)
try:
    print(Claims(Path(sys.argv[1])).take(["00" * 32]))
except PermissionError as error:
    print(error.filename)
"""
    for folder in tmp_path.parents[:2]:
        folder.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{tmp_path}/asking/00\n", "")


def test_an_answer_that_cannot_be_kept_ends_the_run(tmp_path: Path) -> None:
    with MisbehavingServer() as server:
        inner = engine(server.url)
    half = Answer(0, "half a \ud83d", "odd", 1, 1)
    with pytest.raises(ModelError, match=r"gave key 0 an answer that can't be kept: its text holds half a character"):
        list(write_profiles(requests(1), Fixed(inner, half), AnswerStore(tmp_path)))  # type: ignore[arg-type]
    huge = Answer(0, "text", "odd", 2**31, 1)
    with pytest.raises(ModelError, match="its tokens_in is no number from 0 to 2147483647"):
        list(write_profiles(requests(1), Fixed(inner, huge), AnswerStore(tmp_path)))  # type: ignore[arg-type]


class Fixed(Interrupted):
    """Gives one answer."""

    def __init__(self, inner: Engine, answer: Answer) -> None:
        super().__init__(inner)
        self.answer = answer

    def write(self, asked: Iterable[ProfileRequest]) -> Iterator[Answer]:
        yield self.answer
