"""Several processes that train together, started as torchrun starts them, and what is said when one of them dies."""

import logging
import signal
import sys
from typing import NoReturn

from sracl_core.ground.errors import MachineError
from sracl_core.ground.threads import share_threads


def train_together(processes: int, module: str, arguments: list[str]) -> None:
    """Run `python -m module arguments` as `processes` processes, and return when all have ended well.

    A process that ends with an error has said itself what went wrong, and this one ends with its exit status. Raises
    MachineError where a process was killed, with the exit status that a shell would give it.
    """
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import parse_args
    from torch.distributed.run import run as torchrun

    together = ["--standalone", f"--nproc-per-node={processes}", "-m", module, *arguments]
    share_threads(processes)
    # Its own report, of numbers of processes and the signals it sends them, tells a person nothing more.
    logging.getLogger("torch.distributed.elastic.multiprocessing.api").setLevel(logging.CRITICAL)
    try:
        torchrun(parse_args(together))
    except ChildFailedError as error:
        failures = error.failures
        killed = [(rank, -one.exitcode) for rank, one in sorted(failures.items()) if one.exitcode < 0]
        by_itself = [(rank, number) for rank, number in killed if number != signal.SIGTERM]
        if by_itself:
            _tell_killed(*by_itself[0], processes)
        sys.exit(max(1, *(one.exitcode for one in failures.values())))
    except SignalException as stopped:
        sys.exit(128 + stopped.sigval)


def _tell_killed(rank: int, number: int, processes: int) -> NoReturn:
    """Say which process was killed, and what helps."""
    name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
    raise MachineError(
        f"process {rank + 1} of the {processes} that train together was killed (signal {number}, {name}); the others "
        "were stopped. As a rule memory ran out: lower train.batch_size, max_length of the backbone or "
        "runtime.processes. The same command goes on from the last checkpoint.",
        status=128 + number,
    )
