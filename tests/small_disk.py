"""A program run where one folder is a disk of its own, as small as wanted: a tmpfs in a mount namespace."""

import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMESPACES = (["unshare", "--user", "--map-root-user", "--mount"], ["unshare", "--mount"])
MOUNT = 'mount -t tmpfs -o size="$1",nr_inodes=200 tmpfs "$2" && shift 2 && exec "$@"'


@cache
def _namespace() -> list[str]:
    """The command that opens a mount namespace: by a user's own right, or where that is switched off, by root's."""
    works = [
        one for one in NAMESPACES if not subprocess.run([*one, "true"], capture_output=True, check=False).returncode
    ]
    return (works or NAMESPACES)[0]


def run_on_small_disk(
    folder: Path, size: str, program: str, *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the Python `program` with `folder` on a disk of `size` ("1m"), and return how it ended.

    What it writes there is gone afterwards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    inner = ["sh", "-c", MOUNT, "sh", size, str(folder), sys.executable, "-c", program, *arguments]
    return subprocess.run(
        [*_namespace(), *inner],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1"},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
