"""The real vLLM engine on a tiny random model: structured answers, retries, replacement, the store, prefix caching."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import ranx  # noqa: F401 - brings numba: whoever has imported that must be able to load vLLM, too

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table
from sracl_core.ground.errors import ModelError, ParamsError
from sracl_core.params.profile import ItemProfileParams, LlmParams, UserProfileParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.asking.write import write_profile_table
from sracl_core.profile.chat.engine import ChatEngine
from sracl_core.profile.contexts import draw_contexts
from sracl_core.profile.engines.protocol import EngineSettings
from sracl_core.profile.engines.vllm import CPU_BLOCK_TOKENS
from sracl_core.profile.planning.caching import simulate_prefix_cache
from sracl_core.profile.prefixes import build_prefixes
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.load import load_engine
from sracl_core.profile.prompting.requests import ProfileRequest, item_requests, user_requests
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.ragged import Ragged
from sracl_core.schemas.ingest import ITEMS
from sracl_core.schemas.profiles import PROFILES
from tests.needs import needs_vllm

pytestmark = [needs_vllm, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
PROVENANCE = Provenance("test", "0", "0")
TITLES = [f"Kettle {number}" for number in range(12)]
CATALOGUE = pa.Table.from_pylist(
    [{"item": n, "item_id": f"k{n}", "title": title, "attributes": []} for n, title in enumerate(TITLES, 1)],
    schema=ITEMS,
)
SEQUENCES = Ragged.from_lists([[1, 2, 3, 4, 5, 6, 7, 8], [9, 10, 11, 12, 1, 2], [5, 3, 1]])
ITEM_PARAMS = ItemProfileParams(summary_words=3, potential_users_words=2, data_tokens=400)
USER_PARAMS = UserProfileParams(preferences_words=4, data_tokens=400)
RUN = """
import sys
from pathlib import Path
from tests.profile.engines.test_vllm import write_users
if __name__ == "__main__":
    write_users(*map(Path, sys.argv[1:]))
"""


def user_table_requests() -> list[ProfileRequest]:
    return list(user_requests(CATALOGUE, build_prefixes(SEQUENCES, USER_PARAMS), SEQUENCES, USER_PARAMS))


def item_table_requests(catalogue: pa.Table = CATALOGUE) -> list[ProfileRequest]:
    contexts = draw_contexts(SEQUENCES, catalogue["item_id"].to_pylist(), 3, 10, 7)
    return list(item_requests(catalogue, contexts, SEQUENCES, ITEM_PARAMS))


def engine_for(params: ItemProfileParams | UserProfileParams, model: Path, **llm: object) -> ChatEngine:
    settings = EngineSettings(
        Catalogue.from_table(CATALOGUE),
        "products",
        params,
        LlmParams.model_validate({"model": str(model), "dtype": "float32", "max_tokens": 120} | llm),
        RuntimeParams(vllm_cpu_cache_gb=1),
    )
    engine = load_engine("vllm", settings)
    assert isinstance(engine, ChatEngine)
    return engine


def write_users(model: Path, store: Path, table: Path) -> None:
    """Write the profiles of the users by a new engine; also run in a process of its own, to be killed."""
    requests = user_table_requests()
    engine = engine_for(USER_PARAMS, model)
    write_profile_table(table, requests, engine, AnswerStore(store), PROVENANCE, max_fallback=0, total=len(requests))


@pytest.fixture(scope="module")
def loaded(tiny_model: Path) -> Iterator[ChatEngine]:
    """An engine for items whose model is loaded; the other tests of this module borrow the model."""
    engine = engine_for(ITEM_PARAMS, tiny_model)
    list(engine.write(item_table_requests()[:1]))
    yield engine


def borrowing(loaded: ChatEngine, params: ItemProfileParams | UserProfileParams, model: Path, **llm: int) -> ChatEngine:
    """Another engine of the same model, without loading it again."""
    engine = engine_for(params, model, **llm)
    engine.model.loaded = loaded.model.loaded  # type: ignore[attr-defined]
    return engine


def test_answers_are_structured_whole_and_counted(loaded: ChatEngine, tiny_model: Path, tmp_path: Path) -> None:
    engine = borrowing(loaded, ITEM_PARAMS, tiny_model)
    requests = item_table_requests()
    store = AnswerStore(tmp_path / "store")
    counts = write_profile_table(
        tmp_path / "table", requests, engine, store, PROVENANCE, max_fallback=0, total=len(requests)
    )
    assert (counts.profiles, counts.stored, counts.replaced) == (12, 0, 0)
    rows = read_table(tmp_path / "table", PROFILES).to_pylist()
    assert {row["engine"] for row in rows} == {"vllm"}
    tokens = engine.tokenizer.chats([engine.prompts.prompt(request).messages for request in requests])
    for row, ids in zip(rows, tokens, strict=True):
        assert row["text"].strip()
        assert row["tokens_in"] == len(ids)
        assert 0 < row["tokens_out"] <= 120
    assert engine.usage.replies == 12
    assert engine.usage.tokens_in == sum(map(len, tokens))
    assert "prompt tokens" in counts.line("item", engine)


def test_greedy_answers_are_the_same_twice(loaded: ChatEngine, tiny_model: Path) -> None:
    first, second = (
        {answer.key: answer.text for answer in borrowing(loaded, ITEM_PARAMS, tiny_model).write(item_table_requests())}
        for _ in range(2)
    )
    assert first == second


def test_a_changed_title_is_one_item_call_and_the_prompts_that_hold_it(
    loaded: ChatEngine, tiny_model: Path, tmp_path: Path
) -> None:
    store = AnswerStore(tmp_path / "store")
    requests = item_table_requests()
    write_profile_table(
        tmp_path / "old", requests, borrowing(loaded, ITEM_PARAMS, tiny_model), store, PROVENANCE,
        max_fallback=0, total=12,
    )  # fmt: skip
    renamed = CATALOGUE.set_column(2, "title", pa.array(["Tea pot", *TITLES[1:]]))
    changed = item_table_requests(renamed)
    expected = {new.key for old, new in zip(requests, changed, strict=True) if old.lines != new.lines}
    assert 1 in expected
    assert len(expected) < 12
    engine = borrowing(loaded, ITEM_PARAMS, tiny_model)
    counts = write_profile_table(tmp_path / "new", changed, engine, store, PROVENANCE, max_fallback=0, total=12)
    assert (engine.usage.replies, counts.stored) == (len(expected), 12 - len(expected))


def test_what_stays_broken_is_asked_again_then_replaced_and_bounded(
    loaded: ChatEngine, tiny_model: Path, tmp_path: Path
) -> None:
    """Eight tokens are too few for any answer."""
    engine = borrowing(loaded, ITEM_PARAMS, tiny_model, max_tokens=8, attempts=2)
    requests, store = item_table_requests()[:4], AnswerStore(tmp_path / "store")
    with pytest.raises(ModelError, match=r"failed for 4 of the first 4.*8 broken answers: cut at the token limit"):
        write_profile_table(tmp_path / "table", requests, engine, store, PROVENANCE, max_fallback=0.5, total=4)
    assert engine.usage.replies == 8
    counts = write_profile_table(tmp_path / "table", requests, engine, store, PROVENANCE, max_fallback=1, total=4)
    assert (counts.replaced, counts.stored) == (4, 0)
    rows = read_table(tmp_path / "table", PROFILES).to_pylist()
    assert {(row["engine"], row["address"]) for row in rows} == {("extractive", None)}


def test_a_later_attempt_samples_with_a_fresh_seed(loaded: ChatEngine, tiny_model: Path) -> None:
    """Greedy decoding would give the same broken answer again."""
    engine = borrowing(loaded, ITEM_PARAMS, tiny_model)
    request = item_table_requests()[0]
    asked = {attempt: engine.calls([request], attempt)[0] for attempt in range(3)}
    assert [(call.temperature, call.seed) for call in asked.values()] == [(0.0, 0), (0.7, 1), (0.7, 2)]
    texts = {attempt: next(iter(engine.model.ask([call]))).text for attempt, call in asked.items()}
    assert len(set(texts.values())) == 3
    assert all(set(json.loads(text, strict=False)) == {"item_summary", "potential_users"} for text in texts.values())


def test_prompts_of_one_user_come_from_the_cache_as_simulated(loaded: ChatEngine, tiny_model: Path) -> None:
    engine = borrowing(loaded, USER_PARAMS, tiny_model)
    requests = user_table_requests()
    chats = engine.tokenizer.chats([engine.prompts.prompt(request).messages for request in requests])
    simulated = simulate_prefix_cache(chats, CPU_BLOCK_TOKENS)
    loaded.model.loaded.reset_prefix_cache()  # type: ignore[attr-defined]
    before = engine.model.cache_counts()  # type: ignore[attr-defined]
    answers = list(engine.write(requests))
    looked_up, found = (
        after - at
        for after, at in zip(engine.model.cache_counts(), before, strict=True)  # type: ignore[attr-defined]
    )
    assert len(answers) == len(requests)
    assert (looked_up, found) == (simulated.tokens, simulated.cached)
    assert engine.usage.tokens_cached == simulated.cached
    assert simulated.rate > 0.5


def test_the_model_is_not_loaded_when_the_store_holds_all(loaded: ChatEngine, tiny_model: Path, tmp_path: Path) -> None:
    requests, store = item_table_requests(), AnswerStore(tmp_path / "store")
    for run, engine in enumerate((borrowing(loaded, ITEM_PARAMS, tiny_model), engine_for(ITEM_PARAMS, tiny_model))):
        write_profile_table(
            tmp_path / f"{run}", requests, engine, store, PROVENANCE, max_fallback=0, total=len(requests)
        )
    assert engine.model.loaded is None  # type: ignore[attr-defined]
    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()


def test_whoever_stops_listening_leaves_nothing_behind(loaded: ChatEngine, tiny_model: Path) -> None:
    engine = borrowing(loaded, ITEM_PARAMS, tiny_model)
    answers = engine.write(item_table_requests())
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert not loaded.model.loaded.llm_engine.has_unfinished_requests()  # type: ignore[attr-defined]
    assert len(list(engine.write(item_table_requests()))) == 12


@pytest.mark.timeout(400)
def test_a_killed_engine_loses_and_doubles_nothing(tiny_model: Path, tmp_path: Path) -> None:
    store, table = tmp_path / "store", tmp_path / "table"
    command = [sys.executable, "-c", RUN, str(tiny_model), str(store), str(table)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    wanted = random.Random(3).randint(1, 6)
    while process.poll() is None and _lines(store) < wanted:
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not table.exists()
    kept = AnswerStore(store).compact()
    assert wanted <= kept <= len(user_table_requests())
    subprocess.run(command, check=True, env=environment, cwd=ROOT)
    assert AnswerStore(store).compact() == len({request.lines for request in user_table_requests()})
    assert read_table(table, PROFILES)["key"].to_pylist() == [request.key for request in user_table_requests()]


def _lines(store: Path) -> int:
    """Answers in the journals; each line of one begins with a line end of its own."""
    journals = [path.read_bytes() for path in store.glob("*.journal")]
    return sum(bool(line) for journal in journals for line in journal.split(b"\n")[:-1])


def test_a_model_that_is_not_there_is_named(tiny_model: Path, tmp_path: Path) -> None:
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "config.json"):
        (tmp_path / file).write_bytes((tiny_model / file).read_bytes())
    with pytest.raises(ModelError, match="vLLM could not load"):
        list(engine_for(ITEM_PARAMS, tmp_path).write(item_table_requests()))


def test_an_approximate_tokenizer_is_refused(tiny_model: Path) -> None:
    with pytest.raises(ParamsError, match="given real tokens"):
        engine_for(ITEM_PARAMS, tiny_model, tokenizer="approximate")
