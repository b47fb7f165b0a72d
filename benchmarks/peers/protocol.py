"""What every library in the comparison shares: the split, the clock, the ranking and early stopping.

Plain numpy, since it runs in each library's own environment.
"""

import argparse
import json
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

# The model and its training, the same for all.
SETTINGS = {
    "hidden": 64,
    "layers": 2,
    "heads": 2,
    "feed_forward": 256,
    "dropout": 0.5,
    "length": 50,
    "batch": 128,
    "learning_rate": 0.001,
}
Scores = Callable[[list[list[int]]], np.ndarray]  # histories → scores [U, n_items], column i is item i + 1
BLOCK = 512  # users ranked at once


class Comparison:
    """One library's training on the split of the command line: times its epochs, ranks, and says when to stop."""

    def __init__(self) -> None:
        parser = argparse.ArgumentParser()
        parser.add_argument("split", type=Path, help="JSON with n_items, train, valid and test")
        parser.add_argument("out", type=Path, help="where the record goes")
        parser.add_argument("--epochs", type=int, default=200, help="epochs at most")
        parser.add_argument("--patience", type=int, default=10, help="epochs without a better validation NDCG@10")
        parser.add_argument("--seed", type=int, default=1)
        options = parser.parse_args()
        split = json.loads(options.split.read_text(encoding="utf-8"))
        self.out, self.epochs, self.patience, self.seed = options.out, options.epochs, options.patience, options.seed
        self.n_items: int = split["n_items"]
        self.train: list[list[int]] = split["train"]
        self.valid, self.test = np.array(split["valid"]), np.array(split["test"])
        self.about: dict[str, Any] = {}
        self.seconds: list[float] = []
        self.validation: list[float] = []
        self.test_metrics: dict[str, float] = {}
        self._began = 0.0

    def describe(self, library: str, parameters: int, *packages: str) -> None:
        """Say what is trained, before the first epoch ends: the library, its number of weights, packages to name."""
        versions = {package: version(package) for package in packages}
        self.about = {"library": library, "versions": versions, "parameters": parameters}

    def begin_epoch(self) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def end_epoch(self, scores: Scores) -> bool:
        """Stop the clock, rank the validation targets, the test's too if it is the best; return whether to go on."""
        self.seconds.append(time.monotonic() - self._began)
        self.validation.append(metrics(self.ranks(scores, self.train, self.valid))["ndcg@10"])
        best = int(np.argmax(self.validation))
        if best == len(self.validation) - 1:
            histories = [[*items, int(last)] for items, last in zip(self.train, self.valid, strict=True)]
            self.test_metrics = metrics(self.ranks(scores, histories, self.test))
        going_on = len(self.seconds) < self.epochs and len(self.seconds) - 1 - best < self.patience
        self._write(best + 1, going_on)
        return going_on

    def ranks(self, scores: Scores, histories: list[list[int]], targets: np.ndarray) -> np.ndarray:
        """Return the place of each target among all items, int64 [U], 1 is best; ties count against it."""
        ranks = []
        for first in range(0, len(histories), BLOCK):
            found = scores(histories[first : first + BLOCK])
            if found.shape[1] != self.n_items:
                raise SystemExit(f"scores of {found.shape[1]} items, expected {self.n_items}")
            own = found[np.arange(len(found)), targets[first : first + BLOCK] - 1]
            ranks.append((found >= own[:, None]).sum(axis=1))
        return np.concatenate(ranks)

    def _write(self, best_epoch: int, going_on: bool) -> None:
        """Write what was found so far."""
        record = {
            **self.about,
            "seconds_an_epoch": [round(one, 3) for one in self.seconds],
            "best_epoch": best_epoch,
            "validation": [round(one, 5) for one in self.validation],
            "test": {name: round(value, 4) for name, value in self.test_metrics.items()},
            "ended": not going_on,
        }
        self.out.write_text(json.dumps(record), encoding="utf-8")


def metrics(ranks: np.ndarray) -> dict[str, float]:
    """Return HR@20, NDCG@20 and NDCG@10, the mean over users of one relevant item each."""
    gain = 1 / np.log2(ranks + 1)
    return {
        "hr@20": float((ranks <= 20).mean()),
        "ndcg@20": float(np.where(ranks <= 20, gain, 0).mean()),
        "ndcg@10": float(np.where(ranks <= 10, gain, 0).mean()),
    }
