"""Memory stays bounded: DuckDB goes to disk instead of beyond its limit."""

import subprocess
import sys
from pathlib import Path

import pytest

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.session import open_session

ROOT = Path(__file__).resolve().parents[2]
LIMIT_GB = 0.25
MORE_ROWS = 20_000_000

SORT_MORE_THAN_FITS = """
from pathlib import Path
from sracl_core.ingest.raw.session import open_session
with open_session(Path({folder!r}), memory_gb={limit}, threads=1) as session:
    session.run("CREATE TABLE many AS SELECT hash(r) AS a, hash(r + 1) AS b FROM range({rows}) t(r)")
    rows = sum(table.num_rows for table in session.tables("SELECT * FROM many ORDER BY a", 100_000))
# Not getrusage: its peak includes the process this one was forked from.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(rows, int(peak.split()[1]) * 1024)
"""


@pytest.mark.slow
def test_a_sort_of_more_than_the_limit_goes_to_disk(tmp_path):
    script = SORT_MORE_THAN_FITS.format(folder=str(tmp_path), limit=LIMIT_GB, rows=MORE_ROWS)
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    rows, peak = map(int, done.stdout.split())
    assert rows == MORE_ROWS
    # The sorted table alone takes 320 MB; Python and its libraries take about 150 MB beside DuckDB.
    assert peak < (LIMIT_GB + 0.3) * 1e9
    assert list(tmp_path.iterdir()) == []


def test_too_little_memory_is_said_plainly(tmp_path):
    with (
        pytest.raises(DataError, match=r"0.02 GB of memory do not suffice.*runtime.memory_gb"),
        open_session(tmp_path, memory_gb=0.02, threads=1) as session,
    ):
        session.rows("SELECT list(r) FROM range(20000000) t(r)")
    assert list(tmp_path.iterdir()) == []


def test_the_limit_of_memory_is_set(tmp_path):
    with open_session(tmp_path, memory_gb=1.5, threads=1) as session:
        limit, threads = session.rows("SELECT current_setting('memory_limit'), current_setting('threads')")[0]
    assert (limit, threads) == ("1.3 GiB", 1)
