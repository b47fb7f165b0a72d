"""Run a command and print its wall time and the peak memory of all its processes together."""

import subprocess
import sys
import time

import psutil

SECONDS_BETWEEN_SAMPLES = 0.2


def memory(process: psutil.Process) -> int:
    """Resident bytes of `process` and all below it; shared pages count once for each, so this is an upper bound."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def main() -> None:
    """Run the command given on the command line, and exit as it does."""
    started, peak = time.monotonic(), 0
    with subprocess.Popen(sys.argv[1:]) as command:  # noqa: S603 - the command is the caller's own
        process = psutil.Process(command.pid)
        while command.poll() is None:
            try:
                peak = max(peak, memory(process))
            except psutil.NoSuchProcess:
                break
            time.sleep(SECONDS_BETWEEN_SAMPLES)
    seconds = time.monotonic() - started
    print(f"{' '.join(sys.argv[1:])}: {seconds:.0f} s, peak memory {peak / 2**30:.2f} GiB", flush=True)
    sys.exit(command.returncode)


if __name__ == "__main__":
    main()
