"""`sracl plan` and `sracl store`, as people run them."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import write_table
from sracl_core.commands.plan import duration, summary
from sracl_core.params.profile import ENGINES
from sracl_core.profile.planning.plan import Plan, together
from sracl_core.profile.store.answers import AnswerStore, address_of
from sracl_core.profile.store.journal import Journal
from sracl_core.profile.store.stored import StoredAnswer
from sracl_core.schemas.ingest import ITEMS, SEQUENCES
from tests.profile.engines.server import MisbehavingServer, error, good

ROOT = Path(__file__).resolve().parents[2]
SRACL = Path(sys.executable).with_name("sracl")
ENGINE = "mine"  # a group of its own, of a part from outside, which says what it does on stdout, too
KNOWN = Plan("user", "clockwork", True, 9, 7, 2, 5, 1_640_000, 1_420_240, 800, 7_800.0, 3.2)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with params.yaml and what the stage ingest wrote."""
    from tests.profile.planning.test_plan import CATALOGUE, TRAIN

    text = (ROOT / "params.yaml").read_text()
    changed = text.replace("tokenizer:    ", "tokenizer: approximate").replace("model: Qwen/Qwen", "model: nobody/Qwen")
    assert changed.count("approximate") == text.count("approximate") + 1
    own = "    mine: {part: tests.profile.planning.test_plan:clockwork}\n"
    (tmp_path / "params.yaml").write_text(changed.replace("    extractive: {}", f"{own}    extractive: {{}}"))
    users = [{"user": user, "train": TRAIN[user].tolist(), "valid": [], "test": []} for user in range(len(TRAIN))]
    tables = {"items": (CATALOGUE, ITEMS), "sequences": (pa.Table.from_pylist(users, schema=SEQUENCES), SEQUENCES)}
    for name, (table, schema) in tables.items():
        write_table(tmp_path / f"data/interim/{name}.parquet", table, schema, Provenance("test", "", ""))
    return tmp_path


def sracl(folder: Path, *arguments: str | Path, fails: bool = False, **environment: str) -> str:
    """What the command prints: on stdout, or as its error."""
    variables = {name: value for name, value in os.environ.items() if name != "DVC_ROOT"}
    done = subprocess.run(
        (SRACL, *arguments),
        cwd=folder,
        env={**variables, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 1) == fails, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if fails else done.stdout


def rows_of(printed: str) -> list[str]:
    return [" ".join(line.replace("│", " ").split()) for line in printed.splitlines()]


def test_the_default_engine_costs_nothing(project: Path) -> None:
    printed = sracl(project, "plan", "--probe", "8")
    rows = rows_of(printed)
    assert "Item profiles by extractive" in rows
    assert "prompts to send 20" in rows
    assert rows[-1].endswith(" prompts to send to extractive: no model to pay.")
    assert "tokens" not in printed
    assert not (project / ".sracl").exists()


def test_a_plan_with_prices_then_a_probe(project: Path) -> None:
    prices = ("--price-in", "2", "--price-cached", "0.5", "--price-out", "8")
    rows = rows_of(sracl(project, "plan", "--engine", ENGINE, *prices))
    assert "time here – not measured: --probe 64 measures it" in rows
    assert any(row.startswith("prompts to send instead 12 profile.users.per: user, ") for row in rows)
    assert "approximate, as profile.llm.tokenizer says" in " ".join(rows)
    assert "cached), about " in rows[-1]
    assert rows[-1].endswith(" at these prices")
    found = json.loads(sracl(project, "plan", "--engine", ENGINE, "--probe", "6", "--json"))
    assert [plan["kind"] for plan in found["plans"]] == ["item", "user"]
    assert [plan["stored"] for plan in found["plans"]] == [6, 6]
    assert [plan["probe"]["prompts"] for plan in found["plans"]] == [5, 5]
    assert all(plan["basis"] == "mean of 6 stored answers" for plan in found["plans"])
    total = found["total"]
    for name in ("requests", "to_send", "prompt_tokens", "cached_tokens", "answer_tokens"):
        assert total[name] == sum(plan[name] for plan in found["plans"]) > 0
    assert total["seconds"] == pytest.approx(sum(plan["seconds"] for plan in found["plans"]))
    only = json.loads(sracl(project, "plan", "--engine", ENGINE, "--kind", "user", "--json"))
    assert [plan["kind"] for plan in only["plans"]] == ["user"]
    assert only["plans"][0]["stored"] == 6
    assert "12 answers in 4 segments" in sracl(project, "store", "show")


def test_answers_of_the_project_are_found_from_within_an_experiment(project: Path, tmp_path: Path) -> None:
    sracl(project, "plan", "--engine", ENGINE, "--kind", "item", "--probe", "20", DVC_ROOT=str(tmp_path / "parent"))
    assert (tmp_path / "parent/.sracl/store").is_dir()
    printed = sracl(project, "plan", "--engine", ENGINE, "--kind", "item", "--store", tmp_path / "parent/.sracl/store")
    assert printed.endswith("0 prompts to send: all 20 are answered already.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--items", "nowhere.parquet"), "nowhere.parquet does not exist: run `dvc repro ingest` first."),
        (("--sequences", "nowhere.parquet"), "nowhere.parquet does not exist: run `dvc repro ingest` first."),
        (("--engine", "vlm"), f"--engine: 'vlm' is not one of {', '.join(ENGINES)}"),
        (("--engine", "vllm"), "profile.llm.tokenizer is approximate"),
        (("--params", "nowhere.yaml"), "nowhere.yaml does not exist"),
        (("--price-in", "2"), "needs --price-in and --price-out"),
        (("--price-cached", "2"), "needs --price-in and --price-out"),
        (("--probe", "1"), "--probe 1 measures nothing"),
    ],
)
def test_mistakes_are_told(project: Path, arguments: tuple[str, ...], message: str) -> None:
    printed = sracl(project, "plan", *arguments, fails=True)
    assert printed.startswith("error: ")
    assert message in printed


@pytest.mark.parametrize("count", ["6", "64"])
def test_a_probe_of_a_model_that_is_not_up_to_it_says_why(project: Path, count: str) -> None:
    with MisbehavingServer(lambda received: good(received, "Sorry, no tea.")) as server:
        params = project / "params.yaml"
        params.write_text(params.read_text().replace("http://127.0.0.1:8000/v1", server.url))
        arguments = ("plan", "--engine", "openai", "--kind", "user", "--probe", count)
        printed = sracl(project, *arguments, fails=True, OPENAI_API_KEY="EMPTY")
        assert server.received
    told = printed[printed.index("error: ") :]
    assert "gave no usable answer to " in told
    assert "\n  1. not JSON: Sorry, no tea.\n" in told
    assert "See whether the server holds the model to the JSON schema" in told
    assert "the stage" not in printed.lower()
    assert "prompts to send" not in printed


def test_a_probe_of_a_server_that_refuses_a_field_does_not_speak_of_a_stage(project: Path) -> None:
    with MisbehavingServer(lambda received: error(400, "seed is unsupported")) as server:
        params = project / "params.yaml"
        params.write_text(params.read_text().replace("http://127.0.0.1:8000/v1", server.url))
        printed = sracl(project, "plan", "--engine", "openai", "--probe", "6", fails=True, OPENAI_API_KEY="EMPTY")
        assert len(server.received) == 1
    assert "Set profile.llm.request.leave_out to [seed]. Nothing more was asked: change params.yaml" in printed
    assert "the stage" not in printed.lower()


def test_one_line_for_a_person() -> None:
    assert summary(KNOWN) == (
        "5 prompts to send, 1.6 M prompt tokens (86.6 % cached), about 800 answer tokens, about 2 h 10 min here, "
        "3.20 at these prices"
    )
    unknown = summary(replace(KNOWN, seconds=None, money=None, exact=False))
    assert "about 1.6 M prompt tokens" in unknown
    assert unknown.endswith("time not measured: --probe 64 measures it")
    assert summary(replace(KNOWN, prompt_tokens=None)).endswith("its tokens are not known.")


def test_what_one_kind_does_not_know_both_do_not() -> None:
    both = together([replace(KNOWN, kind="item"), KNOWN])
    assert (both.kind, both.to_send, both.seconds, both.money) == ("item and user", 10, 15_600, 6.4)
    assert together([replace(KNOWN, seconds=None), KNOWN]).seconds is None


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3570, "1 h 0 min"), (7800, "2 h 10 min"), (302_400, "3.5 days")],
)
def test_durations(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def answer(number: int, engine: str = "vllm", tokens_out: int | None = 8) -> StoredAnswer:
    return StoredAnswer(address_of(engine, str(number)), engine, f"text {number}", engine, 5, tokens_out)


def test_the_store_is_shown_and_compacted(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "store")
    for numbers in (range(4), range(2, 6)):  # two of them twice
        with store.writer() as writer:
            for number in numbers:
                writer.add(answer(number, tokens_out=number + 8))
    with store.writer() as writer:
        writer.add(answer(1, "openai", None))
    (store.folder / f"{'0' * 64}.parquet").write_bytes(b"PAR1 cut")
    journal = Journal(store.folder)
    journal.append(answer(9))
    rows = rows_of(sracl(tmp_path, "store", "show", "--store", store.folder))
    assert "openai openai 1 –" in rows
    assert "vllm vllm 7 10" in rows
    assert rows[-1].startswith("8 answers in 4 segments, ")
    assert rows[-1].endswith(f" 1 damaged; in {store.folder}")
    printed = sracl(tmp_path, "store", "compact", "--store", store.folder)
    assert printed.startswith("7 answers in one segment: ")  # the journal is its writer's, who lives
    assert "1 damaged left out" in printed
    assert len(list(store.folder.glob("*.parquet"))) == 2
    assert "8 answers in 2 segments, " in sracl(tmp_path, "store", "show", "--store", store.folder)
    assert len(store.find([answer(number).address for number in (*range(6), 9)])) == 7


def test_a_store_that_is_not_there_stays_so(tmp_path: Path) -> None:
    assert sracl(tmp_path, "store", "show").startswith("0 answers: ")
    assert sracl(tmp_path, "store", "compact").startswith("Nothing to compact: ")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "answers").touch()
    for command in ("show", "compact"):
        told = sracl(tmp_path, "store", command, "--store", "answers", fails=True)
        assert "answers is no folder of paid answers, but a file" in told


def test_help_is_short_to_ask_for(tmp_path: Path) -> None:
    assert "--price-cached" in sracl(tmp_path, "plan", "-h")
