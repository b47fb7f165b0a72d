"""Measure ingest on generated CSV files: seconds, peak memory and disk as the rows grow.

    python benchmarks/ingest.py 1 10 100        # millions of rows

Each size runs in a process of its own with `runtime.memory_gb` 2. Results go to benchmarks/results/ingest.json.
"""

import os
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Annotated, Any

import duckdb
import typer
from machine import RESULTS_FOLDER, machine, versions
from ruamel.yaml import YAML

from sracl_core.documents import read_json, write_json
from sracl_core.params.reading.yaml_file import read_yaml
from stages.entry import run

ROOT = Path(__file__).resolve().parent.parent
RESULTS = RESULTS_FOLDER / "ingest.json"
MEMORY_GB = 2.0
SECONDS_BETWEEN_LOOKS = 0.2


def main(
    millions: Annotated[list[int], typer.Argument(help="sizes in millions of rows")],
    workdir: Annotated[Path | None, typer.Option(help="where the files go; by default the system's place")] = None,
) -> None:
    """Generate, ingest, print a table, write the results."""
    sizes = []
    for size in millions:
        with TemporaryDirectory(dir=workdir) as name:
            sizes.append(measure(size * 1_000_000, Path(name)))
        print_table(sizes)
    earlier = {size["rows"]: size for size in read_json(RESULTS)["sizes"]} if RESULTS.exists() else {}
    merged = earlier | {size["rows"]: size for size in sizes}
    write_json(
        RESULTS,
        {
            "machine": machine(),
            "versions": versions("duckdb", "pyarrow"),
            "memory_gb": MEMORY_GB,
            "sizes": [merged[rows] for rows in sorted(merged)],
        },
    )


def measure(rows: int, folder: Path) -> dict[str, Any]:
    """Return the figures of one ingest of `rows` rows in `folder`."""
    raw = folder / "raw"
    raw.mkdir()
    generate(raw / "interactions.csv", rows)
    csv_bytes = bytes_below(raw)
    params = read_yaml(ROOT / "params.yaml")
    params["data"].update(source="table", path=str(raw))
    params["runtime"]["memory_gb"] = MEMORY_GB
    YAML().dump(params, folder / "params.yaml")
    out = folder / "out"
    outputs = [
        f"--{name}={out / name}" for name in ("interactions", "items", "users", "sequences", "rejected", "summary")
    ]
    command = [sys.executable, "-m", "stages.ingest", f"--params-file={folder / 'params.yaml'}", *outputs]
    done, most = Event(), [0]
    watcher = Thread(target=watch, args=(out, done, most))
    watcher.start()
    started = time.monotonic()
    process = os.posix_spawn(sys.executable, command, {**os.environ, "PYTHONPATH": str(ROOT)})
    _, status, usage = os.wait4(process, 0)
    seconds = time.monotonic() - started
    done.set()
    watcher.join()
    if status:
        raise SystemExit(f"ingest of {rows} rows failed")
    return {
        "rows": rows,
        "csv_bytes": csv_bytes,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_rss_bytes": usage.ru_maxrss * 1024,
        "peak_disk_bytes": most[0],
        "output_bytes": bytes_below(out),
        "kept": read_json(out / "summary")["interactions"],
    }


def generate(path: Path, rows: int) -> None:
    """Write `rows` interactions of rows/12 users with rows/200 items, both with a long tail, in no order of time."""
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '1GB'; SET preserve_insertion_order = false")
        connection.execute(
            """CREATE MACRO part(r) AS hash(r) / 1.8446744073709552e19;  -- from 0 to 1
            CREATE MACRO user_id(r, n) AS 'A' || lpad(hex(floor(n * pow(part(r), 1.5))::BIGINT), 13, '0');
            CREATE MACRO item_id(r, n) AS 'B' || lpad(floor(n * pow(part(r), 2))::BIGINT::VARCHAR, 9, '0')"""
        )
        connection.execute(
            """COPY (
                SELECT user_id(r, $users) AS user_id, item_id(r + 1000000000000, $items) AS item_id,
                    1300000000 + hash(r + 2000000000000) % 200000000 AS timestamp
                FROM range($rows) t(r)) TO $path (HEADER)""",
            {"users": rows // 12, "items": max(100, rows // 200), "rows": rows, "path": str(path)},
        )


def watch(folder: Path, done: Event, most: list[int]) -> None:
    """Keep in `most` the largest size of `folder` seen until `done`."""
    while not done.wait(SECONDS_BETWEEN_LOOKS):
        most[0] = max(most[0], bytes_below(folder))


def bytes_below(folder: Path) -> int:
    """Return the bytes of all files below `folder`, which may change meanwhile."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).stat().st_size
            except FileNotFoundError:
                continue
    return total


def print_table(sizes: list[dict[str, Any]]) -> None:
    """Print one line a size."""
    print(f"{'rows':>12} {'seconds':>8} {'rows/s':>10} {'peak RSS':>10} {'CSV':>9} {'peak disk':>10}")
    for size in sizes:
        gib = {name: f"{size[name] / 2**30:.2f} GiB" for name in ("peak_rss_bytes", "csv_bytes", "peak_disk_bytes")}
        print(
            f"{size['rows']:>12,} {size['seconds']:>8} {size['rows'] / size['seconds']:>10,.0f} "
            f"{gib['peak_rss_bytes']:>10} {gib['csv_bytes']:>9} {gib['peak_disk_bytes']:>10}"
        )


if __name__ == "__main__":
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    print(f"{free:.0f} GiB of disk are free; 100 million rows take about 10")
    run(main)
