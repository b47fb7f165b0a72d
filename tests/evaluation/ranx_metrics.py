"""Print ranx's metrics of saved scores as JSON: python -m tests.evaluation.ranx_metrics SCORES.npz METRIC…

A process of its own, for it must run without numba's compiler (NUMBA_DISABLE_JIT=1), which takes ranx half a minute.
"""

import json
import sys

import numpy as np
from ranx import Qrels, Run, evaluate


def main() -> None:
    path, *metrics = sys.argv[1:]
    with np.load(path, allow_pickle=False) as saved:
        scores, targets = saved["scores"], saved["targets"]  # [users, items], [users]
    qrels = Qrels({f"u{user}": {f"i{target}": 1} for user, target in enumerate(targets)})
    run = Run(
        {f"u{user}": {f"i{item}": float(score) for item, score in enumerate(row)} for user, row in enumerate(scores)}
    )
    print(json.dumps({metric: float(value) for metric, value in evaluate(qrels, run, metrics).items()}))


if __name__ == "__main__":
    main()
