"""`sracl`, as people run it."""

import json
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

import sracl_core
from sracl_core.evaluation.record import write_record

ROOT = Path(__file__).resolve().parents[1]
SRACL = Path(sys.executable).with_name("sracl")
METRICS = {
    "test": {"hr@5": 0.0612, "hr@20": 0.15, "ndcg@20": 0.0625, "users": 1234},
    "valid": {"hr@5": 0.0713, "hr@20": 0.16, "ndcg@20": 0.07, "users": 1240},
}
SLICES = [
    {"split": "test", "slice": "head", "metric": "hr@5", "value": 0.11, "n": 800},
    {"split": "test", "slice": "head", "metric": "hr@20", "value": 0.25, "n": 800},
    {"split": "test", "slice": "tail", "metric": "hr@20", "value": 0.05, "n": 434},
    {"split": "valid", "slice": "head", "metric": "hr@20", "value": 0.99, "n": 7},
]


def sracl(*arguments: str | Path, fails: bool = False) -> str:
    done = subprocess.run((SRACL, *arguments), cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode == 1) == fails, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_help_starts_at_once() -> None:
    started = time.monotonic()
    printed = sracl("--help")
    assert time.monotonic() - started < 1.0
    assert "show" in printed
    assert "params" in printed


def test_the_command_line_imports_nothing_heavy() -> None:
    program = "import sys, sracl_core.cli; print(*sys.modules)"
    done = subprocess.run((sys.executable, "-c", program), cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {"torch", "duckdb", "faiss", "numpy", "pyarrow", "sentence_transformers", "transformers", "pandas", "dvc"}
    assert heavy & set(done.stdout.split()) == set()


def test_version() -> None:
    assert sracl("--version") == f"sracl {version('sracl')}\n"


def test_right_parameters() -> None:
    assert sracl("params", "check").endswith(" parameters in 11 sections are valid.\n")


def test_wrong_parameters(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text((ROOT / "params.yaml").read_text().replace("alpha:", "alhpa:", 1).replace("k: 10", "k: 0"))
    printed = sracl("params", "check", "--params", path, fails=True)
    assert printed.startswith(f"error: 3 problems in {path}:\n")
    assert "train.objectives.sracl.alhpa: unknown parameter; did you mean train.objectives.sracl.alpha?" in printed
    assert "mine.k: expected at least 1, got 0" in printed


def test_no_parameters(tmp_path: Path) -> None:
    assert "does not exist" in sracl("params", "check", "--params", tmp_path / "params.yaml", fails=True)


def test_show_before_any_run(tmp_path: Path) -> None:
    assert "Run `dvc repro` first." in sracl("show", "--artifacts", tmp_path, fails=True)


def test_show(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps(METRICS))
    (tmp_path / "slices.json").write_text(json.dumps(SLICES))
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "loss.tsv").write_bytes(bytes(2500))
    printed = sracl("show", "--artifacts", tmp_path).replace("│", " ").replace("┃", " ")
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    for row in ("hr@5 0.0612 0.0713", "users 1234 1240", "slice users hr@20", "head 800 0.2500", "tail 434 0.0500"):
        assert row in lines
    assert "history/ 2.5 KB" in lines
    assert any(str(tmp_path) in line for line in lines)


def test_show_of_damaged_metrics(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text("{")
    assert "not valid JSON" in sracl("show", "--artifacts", tmp_path, fails=True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.json", "[]"),
        ("metrics.json", "null"),
        ("metrics.json", '{"test": [1]}'),
        ("metrics.json", '{"test": {"hr@5": "high"}}'),
        ("slices.json", "{}{}"),
        ("slices.json", '{"test": 1}'),
        ("slices.json", '[{"split": "test"}]'),
        ("slices.json", '[{"split": "test", "slice": null, "metric": "hr@5", "value": 0.1, "n": 1}]'),
        ("slices.json", '[{"split": "test", "slice": "a", "metric": "hr@x", "value": 0.1, "n": 1}]'),
    ],
)
def test_show_of_foreign_results(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps(METRICS))
    (tmp_path / name).write_text(content)
    printed = sracl("show", "--artifacts", tmp_path, fails=True)
    assert f"error: {tmp_path / name} " in printed and "dvc" in printed


def test_show_escapes_what_files_hold_and_are_called(tmp_path: Path) -> None:
    slices = [{"split": "test", "slice": "[bold]a\x1b[2J", "metric": "hr@5", "value": 0.1, "n": "\x1b[31m7"}]
    (tmp_path / "metrics.json").write_text(json.dumps({"test\x1b]0;x\x07": {"[red]hr": 0.5}}))
    (tmp_path / "slices.json").write_text(json.dumps(slices))
    (tmp_path / os.fsdecode(b"caf\xe9[bold]")).write_text("")
    printed = sracl("show", "--artifacts", tmp_path)
    assert "\x1b" not in printed
    for shown in (r"test\x1b]0;x\x07", "[red]hr", r"[bold]a\x1b[2J", r"\x1b[31m7", r"caf\xe9[bold]"):
        assert shown in printed


def test_show_compares_with_the_record_of_the_evaluation(tmp_path: Path) -> None:
    metrics, record = tmp_path / "metrics.json", tmp_path / "evaluation.json"
    metrics.write_text(json.dumps(METRICS))
    assert "note: " in sracl("show", "--artifacts", tmp_path)
    write_record(record, read=[], written=[metrics])
    assert "note: " not in sracl("show", "--artifacts", tmp_path)
    metrics.write_text(json.dumps(METRICS).replace("0.15", "0.95"))
    assert "metrics.json is not what the evaluation wrote" in sracl("show", "--artifacts", tmp_path, fails=True)


@pytest.mark.parametrize("name", sracl_core.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(sracl_core, name).__name__ == name


def test_the_public_names_are_listed_and_no_others_exist() -> None:
    assert dir(sracl_core) == sracl_core.__all__ == sorted(sracl_core._HOMES)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sracl_core.nothing
