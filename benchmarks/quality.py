"""Measure what each branch is worth: tune every arm with the same small budget, then train it with ten seeds.

    python benchmarks/quality.py search --data OFFICE/data      # on validation alone; about 3.5 hours on two cores
    python benchmarks/quality.py settle --data OFFICE/data      # the best few with more seeds; about 50 minutes
    python benchmarks/quality.py compare --data OFFICE/data     # with what was chosen; about 2.5 hours
    python benchmarks/quality.py compare --normal --data OFFICE/data     # with linear maps as in the authors' code
    python benchmarks/quality.py report                         # docs/results.md from what was measured

Arms: plain SASRec, with the inter-user contrast, with the intra-user contrast, with both. The search begins at the
parameters BEGIN and turns one switch at a time, then several, most of them for plain SASRec (search_space.py). What it
looks at is validation NDCG@20, one seed; `settle` trains the best few of every arm with more seeds, and chooses by the
mean. `compare` uses other seeds; where plain SASRec was chosen with another arrangement of layers than both branches,
it trains plain SASRec with theirs as well, and where other parameters are shipped than were chosen, those. All write
after every trial and go on where they were cut off: benchmarks/results/quality_search.json, quality.json and
quality_normal.json.
"""

from dataclasses import asdict, fields
from enum import StrEnum
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import numpy as np
import typer
from machine import RESULTS_FOLDER
from report import COMPANION, SHIPPED, validations, write_report
from search_space import ARMS, BEGIN, SWITCHES, XAVIER
from trials import Outcome, Switch, Trial, measured_with, recorded_by, run_trials, trial_of

from sracl_core.documents import read_json, write_json
from stages.entry import run

SEARCH, COMPARISON = RESULTS_FOLDER / "quality_search.json", RESULTS_FOLDER / "quality.json"
COMPARISON_NORMAL = RESULTS_FOLDER / "quality_normal.json"
WATCHED = "ndcg@20"
SEARCH_SEED, MORE_SEARCH_SEEDS = 1, (2, 3)
SEEDS, NORMAL_SEEDS = range(11, 21), range(11, 16)
FINALISTS = 3  # trials of an arm that `settle` trains again
Row = dict[str, Any]  # what is recorded of a training

app = typer.Typer(add_completion=False, no_args_is_help=True)
Data = Annotated[Path, typer.Option(help="the folder with interim/ and artifacts/")]
Work = Annotated[Path, typer.Option(help="where outcomes are kept")]
Processes = Annotated[int, typer.Option(help="trials at once, one thread each")]
Arm = StrEnum("Arm", list(ARMS))
ALL_ARMS = list(Arm)
Only = Annotated[list[Arm], typer.Option(help="one arm alone; repeat for several")]


@app.command()
def search(
    data: Data = Path("data"), work: Work = Path(".sracl/quality"), processes: Processes = 2, only: Only = ALL_ARMS
) -> None:
    """Try the switches of every arm, or of `only` some; tell the best on validation."""
    arms = [arm.value for arm in only]
    found: dict[str, list[Row]] = {arm: [] for arm in arms}
    wanted = [(arm, switch) for arm in arms for switch in [{}, *SWITCHES[arm]]]
    trials = [trial_of(BEGIN | ARMS[arm] | switch, SEARCH_SEED) for arm, switch in wanted]
    named = {trial.key: asked for trial, asked in zip(trials, wanted, strict=True)}
    earlier = read_json(SEARCH)["arms"] if SEARCH.exists() else {}
    # What earlier code has found stays as it is, and says so: the mathematics was the same. A trial is found by its
    # switch, since every new parameter changes the keys.
    recorded = {
        trial_of(BEGIN | ARMS[arm] | row["switch"], SEARCH_SEED).key: row
        for arm, searched in earlier.items()
        for row in searched["trials"]
    }
    where = measured_with(data)
    for trial, outcome in run_trials(trials, data, work, processes, _known(recorded)):
        arm, switch = named[trial.key]
        print(f"{arm:<6} validation {WATCHED} {outcome.valid[WATCHED]:.4f}  {switch or 'as begun'}", flush=True)
        if switch not in [row["switch"] for row in found[arm]]:
            new = {"switch": switch, **_told(trial, outcome), "found_with": where}
            found[arm] = listed(arm, [*found[arm], recorded.get(trial.key, new)])
        told = {arm: {"chosen": best(rows)["switch"], "trials": rows} for arm, rows in found.items() if rows}
        write_json(SEARCH, {"seed": SEARCH_SEED, "watched": WATCHED, "arms": earlier | told})
    for arm in arms:
        print(f"{arm}: {best(found[arm])['switch'] or 'as begun'}")


@app.command()
def settle(
    data: Data = Path("data"), work: Work = Path(".sracl/quality"), processes: Processes = 2, only: Only = ALL_ARMS
) -> None:
    """Train the best trials of every arm, or of `only` some, with more seeds; choose by the mean on validation."""
    found = recorded_by("quality.py search", SEARCH)
    arms = found["arms"]
    wanted: dict[str, tuple[Row, str]] = {}  # the row and the seed that a trial is for, by its key
    trials: list[Trial] = []
    for arm in reversed(only):  # the longest trainings first, so that processes end together
        for row in finalists(arms[arm]["trials"]):
            for seed in MORE_SEARCH_SEEDS:
                if str(seed) not in row.setdefault("finals", {}):
                    trials.append(trial_of(BEGIN | ARMS[arm] | row["switch"], seed))
                    wanted[trials[-1].key] = row, str(seed)
    for trial, outcome in run_trials(trials, data, work, processes):
        row, seed = wanted[trial.key]
        row["finals"][seed] = _rounded(outcome.valid)
        print(f"seed {seed}  validation {WATCHED} {outcome.valid[WATCHED]:.4f}  {row['switch']}", flush=True)
        write_json(SEARCH, found)
    for arm, searched in arms.items():
        searched["chosen"] = best(searched["trials"])["switch"]
        print(f"{arm}: {searched['chosen'] or 'as begun'}")
    write_json(SEARCH, found)


@app.command()
def compare(
    data: Data = Path("data"),
    work: Work = Path(".sracl/quality"),
    processes: Processes = 2,
    normal: Annotated[bool, typer.Option("--normal", help="choose among trials that begin as the authors do")] = False,
) -> None:
    """Train every arm, as the search chose it, with ten seeds; with five those that begin as the authors do."""
    results = COMPARISON_NORMAL if normal else COMPARISON
    tried = {arm: found["trials"] for arm, found in recorded_by("quality.py search", SEARCH)["arms"].items()}
    if normal:
        tried = {
            arm: [row for row in rows if XAVIER.items().isdisjoint(row["switch"].items())]
            for arm, rows in tried.items()
        }
    chosen = {arm: best(rows)["switch"] for arm, rows in tried.items()}
    changes = {arm: BEGIN | ARMS[arm] | chosen[arm] for arm in ARMS}
    alike = [row for row in tried["plain"] if _arrangement(row["switch"]) == _arrangement(chosen["both"])]
    if alike and best(alike)["switch"] != chosen["plain"]:
        chosen[COMPANION] = best(alike)["switch"]
        changes[COMPANION] = BEGIN | ARMS["plain"] | chosen[COMPANION]
    if not normal and trial_of({}, SEARCH_SEED).key != trial_of(changes["both"], SEARCH_SEED).key:
        changes[SHIPPED] = {}
    # By seed, so that a run that is cut off has whole comparisons.
    seeds = NORMAL_SEEDS if normal else SEEDS
    trials = {(arm, seed): trial_of(changes[arm], seed) for seed in seeds for arm in changes}
    wanted = {trial.key: asked for asked, trial in trials.items()}
    rows: list[Row] = []
    where = measured_with(data)
    earlier = read_json(results) if results.exists() else {}
    same = earlier["trainings"] if earlier.get("state") == where["state"] else []
    known = _known({row["key"]: row for row in same})
    for trial, outcome in run_trials(list(trials.values()), data, work, processes, known):
        arm, seed = wanted[trial.key]
        rows.append({"arm": arm, "seed": seed, **_told(trial, outcome), "test": _rounded(outcome.test)})
        print(f"{arm:<6} seed {seed}  test HR@20 {outcome.test['hr@20']:.4f}  NDCG@20 {outcome.test['ndcg@20']:.4f}")
        ordered = sorted(rows, key=lambda row: (list(changes).index(row["arm"]), row["seed"]))
        write_json(results, {**where, "chosen": chosen, "trainings": ordered})
    write_report()


@app.command()
def report() -> None:
    """Write the tables of docs/results.md from the results."""
    write_report()


def listed(arm: str, rows: list[Row]) -> list[Row]:
    """Return the rows of the search in the order its switches are listed in, whichever training ended first."""
    order = [{}, *SWITCHES[arm]]
    return sorted(rows, key=lambda row: order.index(row["switch"]))


def finalists(rows: list[Row]) -> list[Row]:
    """Return the FINALISTS best rows of the search, best first, without those that came to the model of one before."""
    chosen: list[Row] = []
    for row in sorted(rows, key=lambda row: round(row["valid"][WATCHED], 4), reverse=True):
        if row["valid"] not in [other["valid"] for other in chosen]:
            chosen.append(row)
    return chosen[:FINALISTS]


def best(rows: list[Row]) -> Row:
    """Return the row with the highest watched validation metric, of equals, at four digits, the one tried first.

    Rows that `settle` has trained with more seeds go before others; their metric is the mean over seeds.
    """
    return max([row for row in rows if row.get("finals")] or rows, key=_seen)


def _seen(row: Row) -> float:
    """The watched validation metric of `row`, mean over the seeds it was trained with."""
    return round(mean(validations(row, WATCHED)), 4)


def _arrangement(switch: Switch) -> str:
    """How SASRec's layers are arranged in the trial of `switch`."""
    return str((BEGIN | switch)["model.arrangement"])


def _known(rows: dict[str, Row]) -> dict[str, Outcome]:
    """The outcomes recorded in `rows`, by the trial's key as they are."""
    names = [field.name for field in fields(Outcome)]
    return {key: Outcome(**{name: row.get(name, {}) for name in names}) for key, row in rows.items()}


def _told(trial: Trial, outcome: Outcome) -> dict[str, Any]:
    """What is recorded of a training besides its test metrics."""
    told = asdict(outcome) | {"key": trial.key, "valid": _rounded(outcome.valid), "seconds": round(outcome.seconds)}
    del told["test"]
    return told


def _rounded(metrics: dict[str, float]) -> dict[str, float]:
    return {name: round(float(np.float64(value)), 5) for name, value in metrics.items()}


if __name__ == "__main__":
    run(app)
