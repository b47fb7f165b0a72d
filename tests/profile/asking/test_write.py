"""Writing profiles: paid once, in order, whatever happens to the process."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table
from sracl_core.ground.errors import ModelError
from sracl_core.params.profile import LlmParams, UserProfileParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.asking.write import write_profile_table, write_profiles
from sracl_core.profile.engines.protocol import Answer, EngineSettings
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.load import load_engine
from sracl_core.profile.prompting.requests import ProfileRequest, UserFacts
from sracl_core.profile.store.answers import AnswerStore, address_of
from sracl_core.schemas.profiles import PROFILES

PROVENANCE = Provenance("test", "0", "0")
SETTINGS = EngineSettings(Catalogue([]), "products", UserProfileParams(), LlmParams(), RuntimeParams())
# An engine from outside the project, chosen by its import path: it counts words and notes what it was paid for.
ENGINE_MODULE = """
import os, time
from sracl_core.profile.engines.protocol import Answer

class Counting:
    name, identity, paid = "counting", "counting-1", True

    def __init__(self, settings):
        self.bill = open(os.environ["BILL"], "a")

    def prompt(self, request):
        return request.lines[0]

    def write(self, requests):
        for request in sorted(requests, key=lambda request: -request.key):
            time.sleep(float(os.environ.get("PAUSE", "0")))
            text = f"{len(request.lines[0].split())} words"
            print(request.lines[0], file=self.bill, flush=True)
            yield Answer(request.key, text, self.name, len(request.lines[0]), len(text))

    def note(self):
        return ""

    account = note
"""
RUN = """
import sys
from pathlib import Path
from tests.profile.asking.test_write import PROVENANCE, SETTINGS, requests
from sracl_core.profile.prompting.load import load_engine
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.profile.asking.write import write_profile_table
engine, store = load_engine("counting_engine:Counting", SETTINGS), AnswerStore(Path(sys.argv[1]))
write_profile_table(Path(sys.argv[2]), requests(60), engine, store, PROVENANCE, max_fallback=0, total=60)
"""


def requests(count: int) -> list[ProfileRequest]:
    """`count` requests, of which each third one repeats a prompt."""
    return [
        ProfileRequest(key, ("word " * (key + 1 if key % 3 else 1) + ("" if key % 3 else "again"),), UserFacts(()))
        for key in range(count)
    ]


class Replacing:
    """Fails on every fourth key, and has it replaced."""

    name, identity, paid = "replacing", "replacing-1", True

    def __init__(self) -> None:
        self.asked: list[int] = []

    def prompt(self, request: ProfileRequest) -> str:
        return request.lines[0]

    def write(self, requests: Iterable[ProfileRequest]) -> Iterator[Answer]:
        for request in requests:
            self.asked.append(request.key)
            failed = request.key % 4 == 1
            yield Answer(request.key, "text", "extractive" if failed else self.name, replaced=failed)

    def note(self) -> str:
        return "going on"

    def account(self) -> str:
        return "2 broken answers: not JSON"


@pytest.fixture
def bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes the engine importable, and returns the file in which it notes each prompt that was paid for."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/counting_engine.py").write_text(ENGINE_MODULE)
    monkeypatch.syspath_prepend(tmp_path / "plugins")
    monkeypatch.setenv("BILL", str(tmp_path / "bill"))
    root = Path(__file__).resolve().parents[3]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "plugins"), str(root)]))
    return tmp_path / "bill"


def paid(bill: Path) -> Counter[str]:
    return Counter(bill.read_text().splitlines() if bill.exists() else [])


def test_each_distinct_prompt_is_paid_once_and_rows_keep_their_order(bill: Path, tmp_path: Path) -> None:
    engine = load_engine("counting_engine:Counting", SETTINGS)
    store = AnswerStore(tmp_path / "store")
    for run in range(2):
        counts = write_profile_table(
            tmp_path / f"{run}", requests(30), engine, store, PROVENANCE, max_fallback=0, total=30
        )
        assert (counts.profiles, counts.stored, counts.replaced) == (30, 30 * run, 0)
    assert paid(bill) == Counter({request.lines[0] for request in requests(30)})
    rows = read_table(tmp_path / "0", PROFILES).to_pylist()
    assert [row["key"] for row in rows] == list(range(30))
    for row, request in zip(rows, requests(30), strict=True):
        assert row["text"] == f"{len(request.lines[0].split())} words"
        assert row["request_sha256"] == request.sha256
        assert row["address"] == address_of("counting-1", request.lines[0])
        assert (row["engine"], row["tokens_in"]) == ("counting", len(request.lines[0]))
    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()


def test_one_more_request_is_one_more_call(bill: Path, tmp_path: Path) -> None:
    engine = load_engine("counting_engine:Counting", SETTINGS)
    store = AnswerStore(tmp_path / "store")
    list(write_profiles(requests(20), engine, store))
    before = paid(bill)
    changed = [*requests(20), ProfileRequest(20, ("something new",), UserFacts(()))]
    assert [one.source for one in write_profiles(changed, engine, store)] == ["store"] * 20 + ["engine"]
    assert paid(bill) - before == Counter(["something new"])


@pytest.mark.timeout(300)
def test_a_killed_run_loses_and_doubles_nothing(bill: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, str(tmp_path / "store"), str(tmp_path / "profiles")]
    generator = random.Random(5)
    kills = 0
    for number in range(3):
        process = subprocess.Popen(command, env={**os.environ, "PAUSE": "0.05"})
        wanted = len(paid(bill)) + generator.randint(3, 9)
        while process.poll() is None and sum(paid(bill).values()) < wanted:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        assert kills == number + 1
        assert not (tmp_path / "profiles").exists()
    subprocess.run(command, check=True, env={**os.environ, "PAUSE": "0"})
    prompts = {request.lines[0] for request in requests(60)}
    assert set(paid(bill)) == prompts
    # Only the answer in hand at a kill can have to be asked again.
    assert sum(paid(bill).values()) <= len(prompts) + kills
    rows = read_table(tmp_path / "profiles", PROFILES)
    assert rows["key"].to_pylist() == list(range(60))
    assert AnswerStore(tmp_path / "store").compact() == len(prompts)


def test_replaced_answers_are_counted_bounded_and_asked_again(tmp_path: Path) -> None:
    engine, store = Replacing(), AnswerStore(tmp_path / "store")
    distinct = [ProfileRequest(key, (f"prompt {key}",), UserFacts(())) for key in range(8)]
    with pytest.raises(
        ModelError, match=r"failed for 2 of the first 8 profiles of 8, above the share 0\.2.*2 broken answers: not JSON"
    ):
        write_profile_table(tmp_path / "table", distinct, engine, store, PROVENANCE, max_fallback=0.2, total=8)
    assert not (tmp_path / "table").exists()
    counts = write_profile_table(tmp_path / "table", distinct, engine, store, PROVENANCE, max_fallback=0.25, total=8)
    assert (counts.stored, counts.replaced) == (6, 2)
    assert engine.asked == [*range(8), 1, 5]


class Faulty:
    """Answers as it is told to."""

    name, identity, paid = "faulty", "faulty", False

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers

    def prompt(self, request: ProfileRequest) -> str:
        return request.lines[0]

    def write(self, requests: Iterable[ProfileRequest]) -> Iterator[Answer]:
        yield from self.answers

    def note(self) -> str:
        return ""

    account = note


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([(0, "a")], "left 1 of 2 requests unanswered, the first with key 1"),
        ([(0, "a"), (1, "  ")], "gave key 1 an empty text"),
        ([(0, "a"), (0, "b")], "answered key 0, which it was not asked, or twice"),
        ([(0, "a"), (7, "b")], "answered key 7"),
    ],
)
def test_an_engine_that_breaks_the_protocol_is_stopped(answers: list[tuple[int, str]], message: str) -> None:
    engine = Faulty([Answer(key, text, "faulty") for key, text in answers])
    two = [ProfileRequest(key, (f"prompt {key}",), UserFacts(())) for key in range(2)]
    with pytest.raises(ModelError, match=message):
        list(write_profiles(two, engine, None))


def test_a_paid_engine_needs_a_store() -> None:
    with pytest.raises(ModelError, match="give a store"):
        list(write_profiles([], Replacing(), None))


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(ModelError, match=r"nowhere\.at\.all:Engine"):
        load_engine("nowhere.at.all:Engine", SETTINGS)
