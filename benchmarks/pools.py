"""Measure what the candidate pools hold, whatever is trained: how much neighbours can tell, how many negatives lie.

    python benchmarks/pools.py --data OFFICE/data

Results go to benchmarks/results/pools.json.
"""

from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from machine import RESULTS_FOLDER
from project import read_inputs
from report import write_report

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.documents import write_json
from sracl_core.params.train import TrainParams
from sracl_core.prefixes import PrefixTable
from sracl_core.ragged import Ragged
from stages.entry import run

RESULTS = RESULTS_FOLDER / "pools.json"


def main(data: Annotated[Path, typer.Option(help="the folder with interim/ and artifacts/")] = Path("data")) -> None:
    """Count, and write the results."""
    found = pool_facts(read_inputs(data), TrainParams().batch_size)
    write_json(RESULTS, {"shares": {name: {key: round(v, 4) for key, v in row.items()} for name, row in found.items()}})
    write_report()


def pool_facts(inputs: TrainingInputs, batch: int) -> dict[str, dict[str, float]]:
    """Return shares, of what the pools hold and of as many draws at random."""
    train = Ragged.from_column(inputs.sequences["train"])
    prefixes = PrefixTable.from_table(inputs.prefixes, len(train))
    target = train.values[train.offsets[prefixes.users] + prefixes.ends]  # [P]
    random = np.random.default_rng(0)
    pool = inputs.user_pool
    neighbours = set()
    for first, last in pairwise(train.offsets):
        neighbours |= {
            pair for one, two in pairwise(train.values[first:last].tolist()) for pair in ((one, two), (two, one))
        }
    n_items, k = inputs.item_pool.shape

    def bought(pools: np.ndarray) -> float:
        return float(np.mean([(item, other) in neighbours for item, row in enumerate(pools, 1) for other in row]))

    drawn = [target[random.integers(len(target), size=batch)] for _ in range(1000)]
    anyone, anything = random.integers(len(target), size=pool.shape), random.integers(1, n_items + 1, (n_items, k))
    return {
        "candidates of a prefix with its own next item": {
            "pool": float((target[pool] == target[:, None]).mean()),
            "random": float((target[anyone] == target[:, None]).mean()),
        },
        "candidates of an item that someone bought right before or after it": {
            "pool": bought(inputs.item_pool),
            "random": bought(anything),
        },
        f"anchors in a batch of {batch} that share their next item with another": {
            "random": float(np.mean([np.isin(one, _repeated(one)).mean() for one in drawn])),
        },
    }


def _repeated(values: np.ndarray) -> np.ndarray:
    found, count = np.unique(values, return_counts=True)
    return found[count > 1]


if __name__ == "__main__":
    run(main)
