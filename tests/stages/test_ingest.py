"""The stage as DVC runs it: a process of its own, with paths and params, plain errors."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from ruamel.yaml import YAML

from sracl_core.artifacts.tables import read_table
from sracl_core.params.reading.yaml_file import read_yaml

ROOT = Path(__file__).resolve().parents[2]
OK = "".join(f"v,{item},{item}\n" for item in range(200))
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


def test_a_link_is_told_on_the_screen_alone(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    (tmp_path / "elsewhere").write_text("user_id,item_id,timestamp\nu,a,x\n")  # told even where the stage fails
    (raw / "interactions.csv").symlink_to(tmp_path / "elsewhere")
    done = run_stage(tmp_path, raw)
    told = f"interactions.csv is a link that leads out of data.path; its target is read: {tmp_path}/elsewhere"
    assert done.stdout.splitlines()[:1] == [f"note: {told}"]
    (tmp_path / "elsewhere").write_text("user_id,item_id,timestamp\nu,a,1\nu,b,2\nu,c,3\n")
    done = run_stage(tmp_path, raw)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in done.stdout.splitlines() if "is a link" in line] == [f"note: {told}"]
    assert all(str(tmp_path).encode() not in path.read_bytes() for path in (tmp_path / "out").iterdir())


def test_a_name_that_is_no_text_reaches_neither_screen_nor_outputs(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    with zipfile.ZipFile(raw / os.fsdecode(b"caf\xe9\x1b[31m.zip"), "w") as archive:
        archive.writestr("\x1b[32m/interactions.csv", "user_id,item_id,timestamp\nu,a,1\nu,b,2\nu,c,3\nu,c,x\n" + OK)
    done = run_stage(tmp_path, raw)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.replace("\n", "").isprintable()
    name = "caf\\xe9\\x1b[31m.zip/\\x1b[32m/interactions.csv"
    assert json.loads((tmp_path / "out" / "summary").read_text())["interactions_file"]["file"] == name
    assert read_table(tmp_path / "out" / "rejected")["file"].to_pylist() == [name]
