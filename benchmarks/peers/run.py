"""Compare plain SASRec with RecTools and RecBole on the same split, each in an environment of its own.

    make peers                                                   # installs them, and runs this on data/
    python benchmarks/peers/run.py --data OTHER/data --environments FOLDER

Same data, sizes, length, batch, learning rate, loss (cross entropy over all items) and early stopping. First two
epochs of each, turn about, of which the second is timed: training alone, without validation. Then a whole training of
each for every seed, one a core, as nothing is timed: its best epoch by validation NDCG@10, and the test metrics there;
the time to the best epoch is their number times the time of one. RecBole makes a sample of every prefix, so its epoch
has eight times the steps, and training stops after 3 epochs without a better one, not after 10; it is trained with one
seed, which takes half an hour. RecTools and this project pass over a user's sequence once. Whole trainings that have
ended are kept in `work`, not made again. Results go to benchmarks/results/peers.json, as they come.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from statistics import mean, median
from typing import Annotated, Any

import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from machine import RESULTS_FOLDER, machine
from protocol import SETTINGS

from sracl_core.artifacts.tables import read_table
from sracl_core.documents import write_json
from sracl_core.schemas.ingest import ITEMS, SEQUENCES
from stages.entry import run

RESULTS = RESULTS_FOLDER / "peers.json"
HERE = Path(__file__).resolve().parent
PATIENCE = {"RecBole": 3}  # epochs of eight times the steps; 10 for the others
MOST_SEEDS = {"RecBole": 1}  # whole trainings, however many the others have
LIBRARIES = {"sracl": "sracl_sasrec.py", "RecTools": "rectools_sasrec.py", "RecBole": "recbole_sasrec.py"}


def main(
    data: Annotated[Path, typer.Option(help="the folder with interim/")] = Path("data"),
    environments: Annotated[Path, typer.Option(help="folder of the peers' environments")] = Path(".venv-peers"),
    work: Annotated[Path, typer.Option(help="where the split and whole trainings are kept")] = Path(".sracl/peers"),
    turns: Annotated[int, typer.Option(help="turns of two epochs each")] = 3,
    seeds: Annotated[int, typer.Option(help="whole trainings of each library")] = 3,
) -> None:
    """Measure, print a table, write the results."""
    pythons = {name: environments.absolute() / name.lower() / "bin/python" for name in LIBRARIES}
    pythons["sracl"] = Path(sys.executable)
    work = work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    split = work / "split.json"
    users = export(data, split)
    short: dict[str, list[float]] = {name: [] for name in LIBRARIES}
    for turn in range(turns):
        for name, python in pythons.items():
            out = work / f"{name}-turn-{turn}.json"
            out.unlink(missing_ok=True)  # a time is of this run
            record = train(python, LIBRARIES[name], split, out, "--epochs=2", f"--seed={turn}")
            short[name].append(record["seconds_an_epoch"][-1])  # the first one warms up
            print(f"{name}: {record['seconds_an_epoch']} s", flush=True)
    whole: dict[str, list[dict[str, Any]]] = {name: [] for name in LIBRARIES}
    show(users, short, whole)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {
            pool.submit(
                train, python, LIBRARIES[name], split, work / f"{name}-{seed}.json", *options(name, seed), threads=1
            ): name
            for name, python in pythons.items()
            for seed in range(1, min(seeds, MOST_SEEDS.get(name, seeds)) + 1)
        }
        for done in as_completed(running):
            whole[running[done]].append(done.result())
            show(users, short, whole)


def export(data: Path, path: Path) -> int:
    """Write the split of the users who have all three parts; return how many they are."""
    sequences = read_table(data / "interim/sequences.parquet", SEQUENCES).to_pylist()
    n_items = read_table(data / "interim/items.parquet", ITEMS, columns=["item"]).num_rows
    whole = [row for row in sequences if len(row["train"]) > 1 and row["valid"] and row["test"]]
    split = {"n_items": n_items, "train": [row["train"] for row in whole]}
    split |= {part: [row[part][0] for row in whole] for part in ("valid", "test")}
    content = json.dumps(split)
    if not path.is_file() or path.read_text(encoding="utf-8") != content:
        path.write_text(content, encoding="utf-8")
    return len(whole)


def train(
    python: Path, script: str, split: Path, out: Path, *options: str, threads: int | None = None
) -> dict[str, Any]:
    """Run one library's script and return its record; one that has ended, on this split, is not run again."""
    kept = out.is_file() and out.stat().st_mtime > split.stat().st_mtime
    if not (kept and json.loads(out.read_text(encoding="utf-8"))["ended"]):
        environment = os.environ | ({"OMP_NUM_THREADS": str(threads)} if threads else {})
        command = [python, HERE / script, split, out, *options]
        # There, since RecBole leaves logs where it runs.
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=split.parent)
    record: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return record


def options(name: str, seed: int) -> list[str]:
    """Return the options of a whole training."""
    return [f"--seed={seed}", *([f"--patience={PATIENCE[name]}"] if name in PATIENCE else [])]


def show(users: int, short: dict[str, list[float]], whole: dict[str, list[dict[str, Any]]]) -> None:
    """Print and write what there is so far."""
    rows: dict[str, dict[str, float]] = {}
    for name, trainings in whole.items():
        epoch = median(short[name])
        row = rows[name] = {"seconds_an_epoch": round(epoch, 3)}
        if trainings:
            row["best_epoch"] = mean(one["best_epoch"] for one in trainings)
            row["seconds_to_best"] = round(epoch * row["best_epoch"], 1)
            row |= {metric: round(mean(one["test"][metric] for one in trainings), 4) for metric in trainings[0]["test"]}
        print(f"{name:<10}" + "   ".join(f"{column} {value:g}" for column, value in row.items()), flush=True)
    found = {"machine": machine(), "settings": SETTINGS, "users": users, "rows": rows}
    write_json(RESULTS, found | {"epochs": short, "trainings": whole})


if __name__ == "__main__":
    run(main)
