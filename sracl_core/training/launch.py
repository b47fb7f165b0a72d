"""Several processes that train together, started as torchrun starts them, and what is said when one of them dies."""

import logging
import signal
import sys
from typing import NoReturn

from sracl_core.ground.errors import MachineError
from sracl_core.ground.threads import share_threads

GOES_ON = "The same command goes on from the last checkpoint."
# What ended a process with a signal, and what helps.
CAUSES: dict[int, str] = {
    signal.SIGKILL: "As a rule memory ran out: lower train.batch_size, the backbone's max_length or runtime.processes.",
    signal.SIGINT: "Someone interrupted it.",
    signal.SIGTERM: "Someone, or what manages this machine's jobs, told it to stop.",
    signal.SIGHUP: "Its terminal was closed: start it with nohup, or within tmux.",
    signal.SIGXCPU: "Its limit of processor time was reached: raise ulimit -t.",
    signal.SIGXFSZ: "A limit on file sizes was reached: raise ulimit -f.",
    signal.SIGBUS: "A disk or shared memory (/dev/shm) is full, as a rule, or fails: see how much is free (df -h).",
}
CRASHED = "Code in it that is not Python's crashed: a library, or a part of your own. If that happens again, update it."


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
        # torchrun ends the others with SIGTERM; where nothing else ended any of them, it came from elsewhere.
        by_itself = [(rank, number) for rank, number in killed if number != signal.SIGTERM]
        if by_itself or len(killed) == len(failures):
            _tell_killed(*(by_itself or killed)[0], processes)
        sys.exit(max(1, *(one.exitcode for one in failures.values())))
    except SignalException as stopped:
        sys.exit(128 + stopped.sigval)


def _tell_killed(rank: int, number: int, processes: int) -> NoReturn:
    """Say which process was killed, and what helps."""
    name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
    # Of those that SIGTERM ended nobody knows which was first.
    who = "one" if number == signal.SIGTERM else f"process {rank + 1}"
    raise MachineError(
        f"{who} of the {processes} that train together was killed (signal {number}, {name}); the others "
        f"were stopped. {CAUSES.get(number, CRASHED)} {GOES_ON}",
        status=128 + number,
    )
