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
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from project import read_inputs

from sracl_core import evaluation, model, training
from sracl_core.artifacts import read_json, source_digest, write_json
from sracl_core.device import pick_device
from sracl_core.evaluation.evaluate import evaluate
from sracl_core.params.evaluate import EvaluateParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.params.train import TrainParams
from sracl_core.retrieval.embeddings import read_embeddings
from sracl_core.retrieval.index import build_index
from sracl_core.retrieval.pools import candidate_pools
from sracl_core.training.epoch import Epoch
from sracl_core.training.fit import TrainingInputs, fit

TILE_BYTES = 256 * 2**20
WIDEST = 20  # pools are mined once with this many candidates; a smaller pool is the beginning of a larger one


@dataclass(frozen=True)
class Trial:
    """One training: the parameters of `train` that differ from the defaults, by dotted name, and those of the pools."""

    changes: dict[str, Any] = field(default_factory=dict)
    k: int = 10
    exclude_same_user: bool = True

    def params(self) -> TrainParams:
        """Return the section `train` of this trial."""
        values: dict[str, Any] = TrainParams().model_dump()
        for name, value in self.changes.items():
            *groups, last = name.split(".")
            group = values
            for part in groups:
                group = group[part]
            if last not in group:
                raise KeyError(name)
            group[last] = value
        return TrainParams.model_validate(values)

    @property
    def key(self) -> str:
        """What tells this trial from others."""
        same = [self.params().digest(), self.k, self.exclude_same_user]
        return hashlib.sha256(json.dumps(same).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Outcome:
    """What a trial found; metrics by name, e.g. `test["hr@20"]`, `curve` the watched metric after every epoch."""

    valid: dict[str, float]
    test: dict[str, float]
    best_epoch: int
    epochs: int
    seconds: float
    curve: list[float]


def run_trials(trials: Sequence[Trial], data: Path, work: Path, processes: int) -> Iterator[tuple[Trial, Outcome]]:
    """Yield every trial with its outcome, as they end; those found in `work` are not run again."""
    folder = work / state_of(data)
    folder.mkdir(parents=True, exist_ok=True)
    distinct = {trial.key: trial for trial in trials}
    waiting = []
    for key, trial in distinct.items():
        if (folder / f"{key}.json").is_file():
            yield trial, read_outcome(folder, trial)
        else:
            waiting.append(trial)
    if not waiting:
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin) as pool:
        running = {pool.submit(run_trial, trial, data, folder): trial for trial in waiting}
        for done in as_completed(running):
            done.result()
            yield running[done], read_outcome(folder, running[done])


def run_trial(trial: Trial, data: Path, folder: Path) -> None:
    """Train and evaluate one trial; leaves its outcome and the users' test ranks in `folder`."""
    params, curve = trial.params(), []
    started = time.monotonic()

    def on_epoch(epoch: Epoch) -> None:
        curve.append(epoch.valid[params.early_stop.metric])

    inputs = inputs_of(trial, data)
    result = fit(inputs, params, torch.device("cpu"), tile_bytes=TILE_BYTES, on_epoch=on_epoch)
    seconds = time.monotonic() - started
    result.backbone.load_state_dict(result.model.state)
    found = evaluate(result.backbone.eval(), inputs.sequences, EvaluateParams(), TILE_BYTES)
    best = result.model.best.number
    outcome = Outcome(
        _means(found.metrics["valid"]), _means(found.metrics["test"]), best, result.model.epochs, seconds, curve
    )
    ranks = found.ranks.filter(np.asarray(found.ranks["split"]) == "test")["rank"].to_numpy()
    np.save(folder / f"{trial.key}.npy", ranks.astype(np.int32), allow_pickle=False)
    write_json(folder / f"{trial.key}.json", {"trial": asdict(trial), "outcome": asdict(outcome)})


def read_outcome(folder: Path, trial: Trial) -> Outcome:
    """Return what `trial` found."""
    return Outcome(**read_json(folder / f"{trial.key}.json")["outcome"])


def inputs_of(trial: Trial, data: Path) -> TrainingInputs:
    """Return what the training of `trial` reads: the project's artifacts with the trial's pools."""
    inputs, item_pool, user_pool = _mined(data, trial.exclude_same_user)
    return replace(inputs, item_pool=item_pool[:, : trial.k], user_pool=user_pool[:, : trial.k])


def state_of(data: Path) -> str:
    """Name the state of code and data that outcomes depend on."""
    code = [path for room in (model, training, evaluation) for path in sorted(Path(room.__path__[0]).rglob("*.py"))]
    names = ("interim/sequences", "artifacts/item_embeddings", "artifacts/user_embeddings")
    return source_digest([*code, *(data / f"{name}.parquet" for name in names)])[:16]


@cache
def _mined(data: Path, exclude_same_user: bool) -> tuple[TrainingInputs, np.ndarray, np.ndarray]:
    """The artifacts of `data`, and pools of WIDEST candidates."""
    inputs = read_inputs(data)
    users = inputs.prefixes["user"].to_numpy() if exclude_same_user else None
    return (
        inputs,
        _pools(*read_embeddings(data / "artifacts/item_embeddings.parquet"), None),
        _pools(*read_embeddings(data / "artifacts/user_embeddings.parquet"), users),
    )


def _pools(keys: np.ndarray, vectors: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    return candidate_pools(build_index(keys, vectors), keys, vectors, WIDEST, groups)[0]


def _begin() -> None:
    pick_device(RuntimeParams(device="cpu", threads=1))


def _means(metrics: dict[str, float | int]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items() if "@" in name}
