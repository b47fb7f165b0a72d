"""Another process that holds claims, until it is killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from sracl_core.profile.store.claims import Claims
claims = Claims(Path(sys.argv[1]))
print(len(claims.take(sys.stdin.readline().split())), flush=True)
sys.stdin.readline()
"""


@contextmanager
def held_by_another(folder: Path, addresses: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """Let a process claim `addresses` in the store at `folder`; it is killed at the end, if it was not before."""
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        try:
            process.stdin.write(" ".join(addresses) + "\n")
            process.stdin.flush()
            assert int(process.stdout.readline()) == len(addresses)
            yield process
        finally:
            process.kill()
