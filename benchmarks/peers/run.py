"""Compare plain SASRec with RecTools and RecBole on the same split, each in an environment of its own.

    make peers                                                   # installs them, and runs this on data/
    python benchmarks/peers/run.py --data OTHER/data --environments FOLDER

Same data, sizes, length, batch, learning rate, loss (cross entropy over all items) and early stopping. First a few
epochs of each, turn about, for the time of an epoch; then whole trainings, turn about over the seeds, for the time to
the best validation NDCG@10 and the test metrics of that epoch. RecBole makes a sample of every prefix, so its epoch has
more steps; RecTools and this project pass over a user's sequence once. Times are of training alone, without validation.
Results go to benchmarks/results/peers.json.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from machine import RESULTS_FOLDER, machine
from protocol import SETTINGS

from sracl_core.artifacts import ITEMS, SEQUENCES, read_table, write_json

RESULTS = RESULTS_FOLDER / "peers.json"
HERE = Path(__file__).resolve().parent
LIBRARIES = {"sracl": "sracl_sasrec.py", "RecTools": "rectools_sasrec.py", "RecBole": "recbole_sasrec.py"}


def main(
    data: Annotated[Path, typer.Option(help="the folder with interim/")] = Path("data"),
    environments: Annotated[Path, typer.Option(help="folder of the peers' environments")] = Path(".venv-peers"),
    turns: Annotated[int, typer.Option(help="turns of a few epochs each")] = 3,
    seeds: Annotated[int, typer.Option(help="whole trainings of each library")] = 1,
) -> None:
    """Measure, print a table, write the results."""
    pythons = {name: environments.absolute() / name.lower() / "bin/python" for name in LIBRARIES}
    pythons["sracl"] = Path(sys.executable)
    with TemporaryDirectory() as work:
        split = Path(work) / "split.json"
        users = export(data, split)
        short: dict[str, list[list[float]]] = {name: [] for name in LIBRARIES}
        for turn in range(turns):
            for name, python in pythons.items():
                record = train(python, LIBRARIES[name], split, "--epochs=3", f"--seed={turn}")
                short[name].append(record["seconds_an_epoch"][1:])  # the first one warms up
                print(f"{name}: {record['seconds_an_epoch']} s", flush=True)
        whole: dict[str, list[dict[str, Any]]] = {name: [] for name in LIBRARIES}
        for seed in range(1, seeds + 1):
            for name, python in pythons.items():
                whole[name].append(train(python, LIBRARIES[name], split, f"--seed={seed}"))
                save(users, short, whole)
    for name, row in save(users, short, whole).items():
        print(f"{name:<10}{row['epoch_s']:>9.2f} s an epoch{row['to_best_s']:>9.1f} s to best", end="")
        print(f"   HR@20 {row['hr@20']:.4f}   NDCG@20 {row['ndcg@20']:.4f}")


def export(data: Path, path: Path) -> int:
    """Write the split of the users who have all three parts; return how many they are."""
    sequences = read_table(data / "interim/sequences.parquet", SEQUENCES).to_pylist()
    n_items = read_table(data / "interim/items.parquet", ITEMS, columns=["item"]).num_rows
    whole = [row for row in sequences if len(row["train"]) > 1 and row["valid"] and row["test"]]
    split = {"n_items": n_items, "train": [row["train"] for row in whole]}
    split |= {part: [row[part][0] for row in whole] for part in ("valid", "test")}
    path.write_text(json.dumps(split), encoding="utf-8")
    return len(whole)


def train(python: Path, script: str, split: Path, *options: str) -> dict[str, Any]:
    """Run one library's script and return its record."""
    out = split.with_name("record.json")
    subprocess.run([python, HERE / script, split, out, *options], check=True, stdout=subprocess.DEVNULL)
    record: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return record


def save(
    users: int, short: dict[str, list[list[float]]], whole: dict[str, list[dict[str, Any]]]
) -> dict[str, dict[str, float]]:
    """Write what there is so far, and return a row a library."""
    rows = {
        name: {
            "epoch_s": round(median(one for turn in short[name] for one in turn), 3),
            "to_best_s": round(mean(one["seconds_to_best"] for one in trainings), 1),
            "hr@20": round(mean(one["test"]["hr@20"] for one in trainings), 4),
            "ndcg@20": round(mean(one["test"]["ndcg@20"] for one in trainings), 4),
        }
        for name, trainings in whole.items()
        if trainings
    }
    found = {"machine": machine(), "settings": SETTINGS, "users": users, "rows": rows}
    write_json(RESULTS, found | {"seconds_of_epochs": short, "trainings": whole})
    return rows


if __name__ == "__main__":
    typer.run(main)
