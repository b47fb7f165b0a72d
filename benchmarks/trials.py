"""Train and evaluate many variants of one project, some at a time, and keep what was found.

Every trial is a training of its own, on one thread, with early stopping on validation. What it found is written when it
ends, in a folder named after the code, the data and the trial: a run that is cut off goes on where it was.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
import typer
from machine import machine, versions
from project import read_inputs
from states import measure_states
from switches import changed, train_params

from sracl_core import evaluation, model, training
from sracl_core.artifacts.provenance import source_digest
from sracl_core.artifacts.tables import read_table
from sracl_core.artifacts.writing import atomic_path
from sracl_core.batching.inputs import TrainingInputs
from sracl_core.device import pick_device
from sracl_core.documents import read_json, write_json
from sracl_core.evaluation.evaluate import evaluate
from sracl_core.ground.errors import ArtifactError
from sracl_core.params.evaluate import EvaluateParams
from sracl_core.params.mine import MineParams
from sracl_core.params.reading.section import section_problems
from sracl_core.params.runtime import RuntimeParams
from sracl_core.params.train import TrainParams
from sracl_core.retrieval.index.faiss_index import build_index
from sracl_core.retrieval.mining.pools import candidate_pools
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.training.epoch import Epoch
from sracl_core.training.fit import fit
from sracl_core.vectors import read_embeddings

TILE_BYTES = 256 * 2**20
Switch = dict[str, Any]  # parameters of `train` by dotted name, and `mine.k`, `mine.exclude_same_user`
WIDEST = 20  # pools are mined once with this many candidates; a smaller pool is the beginning of a larger one


@dataclass(frozen=True)
class Trial:
    """One training: the parameters of `train` that differ from the defaults, by dotted name, and those of the pools."""

    changes: dict[str, Any] = field(default_factory=dict)
    k: int = 10
    exclude_same_user: bool = True

    def params(self) -> TrainParams:
        """Return the section `train` of this trial."""
        return train_params(self.changes)

    @property
    def key(self) -> str:
        """What tells this trial from others."""
        same = [self.params().digest(), self.k, self.exclude_same_user]
        return hashlib.sha256(json.dumps(same).encode()).hexdigest()[:16]


def trial_of(changes: Switch, seed: int) -> Trial:
    """Return the trial of one switch."""
    train, pools = _of_sections(changes)
    return Trial({**train, "seed": seed}, **pools)


def read_switch(text: str) -> Switch:
    """Return the switch that a command line gives as JSON; typer tells the user every problem of it."""
    try:
        switch = json.loads(text)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"not JSON ({error}); expected e.g. '{{\"batch_size\": 128}}'") from None
    if not isinstance(switch, dict):
        raise typer.BadParameter(f"expected parameters by name, e.g. '{{\"batch_size\": 128}}', got {text}")
    train, pools = _of_sections(switch)
    values = {"train": changed(TrainParams(), train), "mine": changed(MineParams(), pools)}
    problems = [problem for section in (TrainParams, MineParams) for problem in section_problems(section, values)]
    if problems:
        raise typer.BadParameter("; ".join(problems))
    return switch


def _of_sections(changes: Switch) -> tuple[Switch, Switch]:
    """The parameters of `train` by dotted name, and those of `mine`."""
    pools = {name.removeprefix("mine."): value for name, value in changes.items() if name.startswith("mine.")}
    return {name: value for name, value in changes.items() if not name.startswith("mine.")}, pools


@dataclass(frozen=True)
class Outcome:
    """What a trial found.

    Metrics by name, e.g. `test["hr@20"]`; `curve` is the watched metric after every epoch, `states` what `states.py`
    measures of the best epoch's.
    """

    valid: dict[str, float]
    test: dict[str, float]
    best_epoch: int
    epochs: int
    seconds: float
    curve: list[float]
    states: dict[str, float] = field(default_factory=dict)


def run_trials(
    trials: Sequence[Trial], data: Path, work: Path, processes: int, known: dict[str, Outcome] | None = None
) -> Iterator[tuple[Trial, Outcome]]:
    """Yield every trial with its outcome, as they end; those `known` by key, or found in `work`, are not run again."""
    folder = work / state_of(data)
    folder.mkdir(parents=True, exist_ok=True)
    waiting = []
    for trial in {trial.key: trial for trial in trials}.values():
        kept = folder / f"{trial.key}.json"
        outcome = Outcome(**read_json(kept)) if kept.is_file() else (known or {}).get(trial.key)
        if outcome is None:
            waiting.append(trial)
        else:
            yield trial, outcome
    for exclude_same_user in {trial.exclude_same_user for trial in waiting}:
        mine_pools(data, folder, exclude_same_user)
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin) as pool:
        running = {pool.submit(run_trial, trial, data, folder): trial for trial in waiting}
        for done in as_completed(running):
            yield running[done], done.result()


def run_trial(trial: Trial, data: Path, folder: Path) -> Outcome:
    """Train and evaluate one trial; leaves its outcome in `folder` too."""
    inputs, params = inputs_of(trial, data, folder), trial.params()
    curve: list[float] = []
    started = time.monotonic()

    def on_epoch(epoch: Epoch) -> None:
        curve.append(epoch.valid[params.early_stop.metric])

    result = fit(inputs, params, torch.device("cpu"), tile_bytes=TILE_BYTES, on_epoch=on_epoch)
    seconds = time.monotonic() - started
    result.backbone.load_state_dict(result.model.state)
    found = evaluate(result.backbone.eval(), inputs.sequences, EvaluateParams(), TILE_BYTES)
    best = result.model.best.number
    outcome = Outcome(
        valid=_means(found.metrics["valid"]),
        test=_means(found.metrics["test"]),
        best_epoch=best,
        epochs=result.model.epochs,
        seconds=seconds,
        curve=curve,
        states={name: round(value, 4) for name, value in measure_states(result.backbone, inputs).items()},
    )
    write_json(folder / f"{trial.key}.json", asdict(outcome))
    return outcome


def inputs_of(trial: Trial, data: Path, folder: Path) -> TrainingInputs:
    """Return what the training of `trial` reads: the project's artifacts with the trial's pools."""
    pools = [np.load(path, allow_pickle=False)[:, : trial.k] for path in _pool_files(folder, trial.exclude_same_user)]
    return replace(read_inputs(data), item_pool=pools[0], user_pool=pools[1])


def mine_pools(data: Path, folder: Path, exclude_same_user: bool) -> None:
    """Leave item pools and user pools of WIDEST candidates in `folder`, if they are not there."""
    users = read_table(data / "interim/prefixes.parquet", PREFIXES)["user"].to_numpy() if exclude_same_user else None
    for kind, groups, path in zip(("item", "user"), (None, users), _pool_files(folder, exclude_same_user), strict=True):
        if not path.is_file():
            keys, vectors = read_embeddings(data / f"artifacts/{kind}_embeddings.parquet")
            pools = candidate_pools(build_index(keys, vectors), keys, vectors, WIDEST, groups)[0]
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                np.save(file, pools, allow_pickle=False)


def state_of(data: Path) -> str:
    """Name the state of code and data that outcomes depend on."""
    code = [path for room in (model, training, evaluation) for path in sorted(Path(room.__path__[0]).rglob("*.py"))]
    # Texts rather than vectors, whose last bits differ from one kind of processor to another.
    names = ("interim/sequences", "artifacts/item_profiles", "artifacts/user_profiles")
    return source_digest([*code, *(data / f"{name}.parquet" for name in names)])[:16]


def measured_with(data: Path) -> dict[str, Any]:
    """What a result says of where it was found: the machine, the versions, and the state of code and data."""
    return {"machine": machine(), "versions": versions("torch"), "state": state_of(data)}


def recorded_by(program: str, results: Path) -> dict[str, Any]:
    """Return the `results` that another benchmark has left; raises ArtifactError that names it when it has not."""
    if not results.exists():
        raise ArtifactError(f"{results} does not exist. Run `python benchmarks/{program}` first.")
    return dict(read_json(results))


def _pool_files(folder: Path, exclude_same_user: bool) -> tuple[Path, Path]:
    return folder / "item_pool.npy", folder / f"user_pool_{'others' if exclude_same_user else 'all'}.npy"


def _begin() -> None:
    pick_device(RuntimeParams(device="cpu", threads=1))


def _means(metrics: dict[str, float | int]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items() if "@" in name}
