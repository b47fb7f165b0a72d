"""Measure what both contrasts gain where prefixes train the model as in the authors' code: five seeds each.

    python benchmarks/authors_gain.py --data OFFICE/data      # about two hours on two cores

Plain SASRec and both branches, each with the settings of the row of authors.py that is best on validation NDCG@20, and
plain SASRec with what is not of a contrast in the settings of both branches.
Goes on where it was cut off: benchmarks/results/authors_gain.json.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from authors import AUTHORS, PLAIN
from authors import RESULTS as SWITCHES
from machine import RESULTS_FOLDER
from report import SET_ALIKE, write_report
from trials import Switch, measured_with, recorded_by, run_trials, trial_of

from sracl_core.documents import write_json
from stages.entry import run

RESULTS = RESULTS_FOLDER / "authors_gain.json"
SEEDS = range(11, 16)
CONTRASTS = ("alpha", "beta", "inter.", "intra.", "negatives.", "mine.")  # how parameters of theirs begin


def chosen(rows: list[dict[str, Any]]) -> dict[str, Switch]:
    """Return the switches of plain SASRec and of both branches that are best on validation among prefix trainings.

    Where they differ by more than the contrasts, plain SASRec set as both is comes third.
    """
    arms: dict[str, list[dict[str, Any]]] = {"plain": [], "both": []}
    for row in rows:
        changes = AUTHORS | row["switch"]
        contrasts = [changes["alpha"] > 0, changes["beta"] > 0]
        if changes["mode"] == "prefix" and len(set(contrasts)) == 1:
            arms["both" if all(contrasts) else "plain"].append(row)
    best = {arm: max(tried, key=lambda row: row["valid"]["ndcg@20"])["switch"] for arm, tried in arms.items()}
    alike = {name: value for name, value in best["both"].items() if not name.startswith(CONTRASTS)} | PLAIN
    same = trial_of(AUTHORS | alike, 0).key == trial_of(AUTHORS | best["plain"], 0).key
    return best if same else best | {SET_ALIKE: alike}


def main(
    data: Annotated[Path, typer.Option(help="the folder with interim/ and artifacts/")] = Path("data"),
    work: Annotated[Path, typer.Option(help="where outcomes are kept")] = Path(".sracl/quality"),
    processes: Annotated[int, typer.Option(help="trainings at once, one thread each")] = 2,
) -> None:
    """Train every arm with every seed, print what each found, write the results."""
    switches = chosen(list(recorded_by("authors.py", SWITCHES)["rows"].values()))
    trials = {(arm, seed): trial_of(AUTHORS | switches[arm], seed) for seed in SEEDS for arm in switches}
    asked = {trial.key: one for one, trial in trials.items()}
    where = measured_with(data)
    rows: list[dict[str, Any]] = []
    for trial, outcome in run_trials(list(trials.values()), data, work, processes):
        arm, seed = asked[trial.key]
        rows.append({"arm": arm, "seed": seed, "key": trial.key, **asdict(outcome)})
        print(
            f"{arm:<5} seed {seed}  test HR@20 {outcome.test['hr@20']:.4f}  NDCG@20 {outcome.test['ndcg@20']:.4f}",
            flush=True,
        )
        ordered = sorted(rows, key=lambda row: (list(switches).index(row["arm"]), row["seed"]))
        write_json(RESULTS, {**where, "chosen": switches, "trainings": ordered})
    write_report()


if __name__ == "__main__":
    run(main)
