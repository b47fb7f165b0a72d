"""A process of a group: `python -m tests.training.doomed END` ends the second one in the middle, as END says."""

import os
import signal
import sys

import torch

from sracl_core.batching.group import open_group
from sracl_core.ground.console import guarded, prepare
from sracl_core.ground.errors import TrainingError


def train(end: str) -> None:
    """Add numbers up with the others, until the second process ends."""
    torch.set_num_threads(1)
    with open_group(torch.device("cpu")) as group:
        for step in range(1000):
            group.add(torch.ones(1))
            if group.rank == 1 and step == 3:
                if end == "error":
                    raise TrainingError("the loss is no number.")
                if end != "SIGKILL":
                    signal.signal(signal.Signals[end], signal.SIG_DFL)
                os.kill(os.getpid(), signal.Signals[end])


if __name__ == "__main__":
    prepare()
    guarded(train)(sys.argv[1])
