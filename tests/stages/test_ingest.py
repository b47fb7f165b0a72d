"""The stage as DVC runs it: a process of its own, with paths and params, plain errors."""

import json
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

from sracl_core.params.yaml_file import read_yaml

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("interactions", "items", "users", "sequences", "rejected", "summary")


def run_stage(tmp_path: Path, raw: Path) -> subprocess.CompletedProcess:
    params = read_yaml(ROOT / "params.yaml")
    params["data"].update(path=str(raw), core_users=1, core_items=1)
    params["runtime"].update(memory_gb=0.2, threads=1)
    YAML().dump(params, tmp_path / "params.yaml")
    outputs = [f"--{name}={tmp_path / 'out' / name}" for name in NAMES]
    command = [sys.executable, "-m", "stages.ingest", f"--params-file={tmp_path / 'params.yaml'}", *outputs]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_stage_writes_everything_and_says_what_it_did(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "interactions.csv").write_text("user_id,item_id,timestamp\nu,a,1\nu,b,2\nu,c,3\nv,a,1\n")
    (raw / "items.csv").write_text("item_id,title\na,A\n")
    done = run_stage(tmp_path, raw)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith(
        "ingest: 2 users, 3 items, 4 of 4 interactions kept (0 rejected); 2 train, 1 valid, 1 test"
    )
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(NAMES)
    summary = json.loads((tmp_path / "out" / "summary").read_text())
    assert summary["items_not_in_catalogue"] == {"count": 2, "first": ["b", "c"]}


def test_a_wrong_folder_is_one_plain_line(tmp_path):
    done = run_stage(tmp_path, tmp_path / "nowhere")
    assert done.returncode == 1
    advice = "Put the raw files there, or name the right folder."
    assert done.stderr == f"error: data.path: {tmp_path / 'nowhere'} is not a folder. {advice}\n"
