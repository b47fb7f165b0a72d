"""Find what carries the figure of the authors' code: train with their settings, then with one turned at a time.

    python benchmarks/authors.py --data OFFICE/data      # about two hours on two cores

20 epochs at most, as many as their figure took, but where a row trains until no epoch is better. One seed; the test
metrics are told, and nothing is chosen by them.
Goes on where it was cut off, and tells the rows it has: benchmarks/results/authors.json.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from machine import RESULTS_FOLDER
from report import write_report
from search_space import ARMS, XAVIER
from trials import Switch, measured_with, run_trials, trial_of

from sracl_core.documents import read_json, write_json
from stages.entry import run

RESULTS = RESULTS_FOLDER / "authors.json"
SEED = 1
AUTHORS: Switch = {
    "mode": "prefix",
    "model.positions": "from_end",
    "model.arrangement": "post_norm",
    "model.initialisation": "normal",
    "model.max_length": 20,
    "batch_size": 256,
    "learning_rate": 0.001,
    "alpha": 0.1,
    "beta": 0.1,
    "inter.similarity": "dot",
    "inter.temperature": 1.0,
    "intra.similarity": "dot",
    "intra.temperature": 1.0,
    "intra.substitution_rate": 0.2,
    "mine.exclude_same_user": False,
    "early_stop.metric": "mrr@10",
    "early_stop.patience": 10,
    "max_epochs": 20,
}
INTER_COSINE: Switch = {"inter.similarity": "cosine", "inter.temperature": 0.1}
COSINE: Switch = INTER_COSINE | {"intra.similarity": "cosine", "intra.temperature": 0.1}
ONE_PASS: Switch = {"mode": "causal", "model.positions": "relative", "batch_size": 64}
PLAIN = ARMS["plain"]
# Until no epoch is better.
STOPPED: Switch = {"batch_size": 64, "max_epochs": 100}
STOPPED_PLAIN: Switch = STOPPED | PLAIN
MOST_REPLACED: Switch = STOPPED | {"intra.substitution_rate": 0.7}
ROWS: dict[str, Switch] = {
    "their settings": {},
    "no contrast (plain SASRec)": PLAIN,
    "one causal pass a user, positions by distance, batches of 64": ONE_PASS,
    "the same, no contrast": ONE_PASS | PLAIN,
    "cosine, τ = 0.1": COSINE,
    "candidates of other users alone": {"mine.exclude_same_user": True},
    "no intra-user contrast": {"beta": 0.0},
    "batches of 64": {"batch_size": 64},
    "window of 50": {"model.max_length": 50},
    "batches of 64, cosine, τ = 0.1": {"batch_size": 64} | COSINE,
    "batches of 64, no contrast": {"batch_size": 64} | PLAIN,
    "window of 50, no contrast": {"model.max_length": 50} | PLAIN,
    "batches of 64, substitution rate 0.7, until it stops": MOST_REPLACED,
    "batches of 64, substitution rate 0.7, inter-user cosine, τ = 0.1, until it stops": MOST_REPLACED | INTER_COSINE,
    "batches of 64, no contrast, until it stops": STOPPED_PLAIN,
    "batches of 64, window of 50, no contrast, until it stops": STOPPED_PLAIN | {"model.max_length": 50},
    "batches of 64, Xavier's initialisation, no contrast, until it stops": STOPPED_PLAIN | XAVIER,
    "batches of 64, Adam 0.002, no contrast, until it stops": STOPPED_PLAIN | {"learning_rate": 0.002},
    "batches of 64, dropout 0.4, no contrast, until it stops": STOPPED_PLAIN | {"model.dropout": 0.4},
}


def main(
    data: Annotated[Path, typer.Option(help="the folder with interim/ and artifacts/")] = Path("data"),
    work: Annotated[Path, typer.Option(help="where outcomes are kept")] = Path(".sracl/quality"),
    processes: Annotated[int, typer.Option(help="trainings at once, one thread each")] = 2,
) -> None:
    """Train every row, print it, write the results."""
    where = measured_with(data)
    # What earlier code has found stays as it is, and says so: the mathematics was the same.
    earlier = read_json(RESULTS) if RESULTS.exists() else {}
    same = earlier["rows"] if (earlier.get("seed"), earlier.get("authors")) == (SEED, AUTHORS) else {}
    found = {name: row for name, row in same.items() if row["switch"] == ROWS.get(name)}
    trials = {name: trial_of(AUTHORS | switch, SEED) for name, switch in ROWS.items() if name not in found}
    named = {trial.key: name for name, trial in trials.items()}
    for trial, outcome in run_trials(list(trials.values()), data, work, processes):
        name = named[trial.key]
        found[name] = {"switch": ROWS[name], "key": trial.key, **asdict(outcome), "found_with": where}
        print(f"{name:<64} test HR@20 {outcome.test['hr@20']:.4f}  NDCG@20 {outcome.test['ndcg@20']:.4f}", flush=True)
        rows = {name: found[name] for name in ROWS if name in found}
        write_json(RESULTS, {"seed": SEED, "authors": AUTHORS, "rows": rows})
    write_report()


if __name__ == "__main__":
    run(main)
