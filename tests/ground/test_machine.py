"""What a process may take: the cores it may run on, within the quotas of all groups it is in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sracl_core.ground.machine import free_memory, usable_cores

PERIOD = 100_000
ROOT = Path(__file__).resolve().parents[2]


def groups(folder: Path, own: str, files: dict[str, str]) -> tuple[Path, Path]:
    """A tree of control groups as Linux shows it, and the file that says which of them a process is in."""
    for name, text in files.items():
        path = folder / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "own").write_text(own)
    return folder / "cgroup", folder / "own"


ALL = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("own", "files", "cores"),
    [
        ("", {}, ALL),
        ("0::/\n", {"cpu.max": f"max {PERIOD}\n"}, ALL),
        ("0::/\n", {"cpu.max": f"{PERIOD} {PERIOD}\n"}, 1),
        ("0::/\n", {"cpu.max": f"{PERIOD // 2} {PERIOD}\n"}, 1),
        ("0::/\n", {"cpu.max": f"{PERIOD * 3 // 2} {PERIOD}\n"}, 1),
        ("0::/\n", {"cpu.max": f"{1000 * PERIOD} {PERIOD}\n"}, ALL),
        ("0::/a/b\n", {"a/cpu.max": f"{PERIOD} {PERIOD}\n", "a/b/cpu.max": f"max {PERIOD}\n"}, 1),
        ("0::/of/the/host\n", {"cpu.max": f"{PERIOD} {PERIOD}\n"}, 1),
        ("1:cpu:/\n0::/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": f"{PERIOD}\n"}, ALL),
        ("1:cpu:/x\n", {"cpu/x/cpu.cfs_quota_us": f"{PERIOD}\n", "cpu/x/cpu.cfs_period_us": f"{PERIOD}\n"}, 1),
        (
            "4:cpu,cpuacct:/docker/1\n",
            {"cpu,cpuacct/cpu.cfs_quota_us": f"{PERIOD}\n", "cpu,cpuacct/cpu.cfs_period_us": f"{PERIOD}\n"},
            1,
        ),
        ("nonsense\n::::\n", {"cpu.max": "nonsense"}, ALL),
    ],
)
def test_cores(tmp_path: Path, own: str, files: dict[str, str], cores: int) -> None:
    assert usable_cores(*groups(tmp_path, own, files)) == cores


def test_a_process_bound_to_one_core_counts_one() -> None:
    program = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    program += "from sracl_core.ground.machine import usable_cores; print(usable_cores())"
    done = subprocess.run((sys.executable, "-c", program), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_memory_is_what_the_tightest_group_leaves(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  2000 kB\nMemAvailable:   1000 kB\n")
    assert free_memory(*groups(tmp_path, "", {}), meminfo) == 1_024_000
    new = {"memory.max": "700000\n", "memory.current": "100000\n", "a/memory.max": "max\n", "a/memory.current": "5\n"}
    assert free_memory(*groups(tmp_path, "0::/a\n", new), meminfo) == 600_000
    old = {"memory/x/memory.limit_in_bytes": "50000\n", "memory/x/memory.usage_in_bytes": "60000\n"}
    assert free_memory(*groups(tmp_path, "4:memory:/x\n", old), meminfo) == 0
    assert free_memory(meminfo=tmp_path / "none") is None
