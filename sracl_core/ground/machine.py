"""What this process may take of the machine: cores and memory, within the limits of a container.

A container's limits are read from the control groups of Linux, versions 1 and 2, of the process and of all above it.
"""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

MEMINFO = Path("/proc/meminfo")
OWN_GROUPS = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")


def usable_cores(groups: Path = GROUPS, own: Path = OWN_GROUPS) -> int:
    """Return how many cores this process may keep busy: those it may run on, within a container's quota.

    Half a core that a quota leaves over is none: a thread that is held up half of the time holds up the others.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for quota in _quotas(groups, own):
        cores = min(cores, int(quota))
    return max(1, cores)


def free_memory(groups: Path = GROUPS, own: Path = OWN_GROUPS, meminfo: Path = MEMINFO) -> int | None:
    """Return how many bytes this process may still take, within a container's limit; None where nobody tells."""
    if not meminfo.exists():
        return None
    lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    free = int(lines["MemAvailable"].split()[0]) * 1024
    for folder, limit, used in (
        *((folder, "memory.max", "memory.current") for folder in _folders(groups, own, "")),
        *((folder, "memory.limit_in_bytes", "memory.usage_in_bytes") for folder in _folders(groups, own, "memory")),
    ):
        told = [_number(folder / name) for name in (limit, used)]
        if told[0] is not None and told[1] is not None:
            free = min(free, max(0, told[0] - told[1]))
    return free


def _quotas(groups: Path, own: Path) -> Iterator[float]:
    """Every limit on the cores of this process, in cores."""
    for folder in _folders(groups, own, ""):
        words = _read(folder / "cpu.max").split()
        if len(words) == 2 and words[0].isdigit():
            yield int(words[0]) / int(words[1])
    for folder in _folders(groups, own, "cpu"):
        quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
        if quota and period and quota > 0:
            yield quota / period


def _folders(groups: Path, own: Path, controller: str) -> Iterator[Path]:
    """The folders of the groups this process is in, by a `controller` of version 1, or "" for version 2."""
    for line in _read(own).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controller not in controllers.split(","):
            continue
        root = next((groups / name for name in (controllers, controller) if name and (groups / name).is_dir()), groups)
        # Within a container the path may be the host's: then only the root of it is there.
        parts = PurePosixPath(path).parts[1:]
        for depth in range(len(parts), -1, -1):
            yield root.joinpath(*parts[:depth])


def _number(path: Path) -> int | None:
    text = _read(path).strip()
    return int(text) if text.lstrip("-").isdigit() else None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # no such group, or none that this process may look into
        return ""
