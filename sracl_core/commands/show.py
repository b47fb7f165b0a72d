"""`sracl show`: the metrics of the last run, and where its artifacts lie."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sracl_core.ground.console import guarded, say
from sracl_core.ground.full_disk import size_of

if TYPE_CHECKING:
    from rich.table import Table

Folder = Annotated[Path, typer.Option("--artifacts", help="The folder the pipeline writes its results to.")]


@guarded
def show(artifacts: Folder = Path("data/artifacts")) -> None:
    """Show the metrics of the last run, and where its artifacts lie."""
    from sracl_core.commands.tables import TableConsole
    from sracl_core.evaluation.record import require_recorded
    from sracl_core.ground.errors import ArtifactError

    console = TableConsole()
    results = [artifacts / name for name in ("metrics.json", "slices.json")]
    if not results[0].is_file():
        raise ArtifactError(f"{artifacts} holds no metrics.json: nothing was evaluated yet. Run `dvc repro` first.")
    record = artifacts / "evaluation.json"
    if record.is_file():
        require_recorded(record, [path for path in results if path.is_file()])
    console.print(_table(_metrics_table, results[0]))
    if results[1].is_file():
        console.print(_table(_slices_table, results[1]))
    if not record.is_file():
        say(f"note: {record} is not there, so nobody can tell whether these are the metrics that evaluate wrote.")
    console.print(_files_table(artifacts))


def _table(made: Callable[[Any], "Table"], path: Path) -> "Table":
    """The table `made` of what the JSON file `path` holds."""
    from sracl_core.documents import read_json
    from sracl_core.ground.errors import ArtifactError

    try:
        return made(read_json(path))
    except (TypeError, ValueError, KeyError, AttributeError):
        raise ArtifactError(
            f"{path} does not hold what the stage evaluate writes. Run `dvc repro`, or `dvc checkout`."
        ) from None


def _metrics_table(metrics: dict[str, dict[str, float]]) -> "Table":
    """One row a metric, one column a split: {"test": {"hr@5": …, "users": n}, "valid": …}."""
    from rich.table import Table

    from sracl_core.commands.tables import cell

    table = Table(title="Metrics (full ranking over all items)")
    table.add_column("metric")
    for split in metrics:
        table.add_column(cell(split), justify="right")
    for name in dict.fromkeys(name for values in metrics.values() for name in values):
        table.add_row(cell(name), *[_number(values.get(name)) for values in metrics.values()])
    return table


def _slices_table(rows: list[dict[str, Any]]) -> "Table":
    """The test split's slices, one row each, with the NDCG and HR at the largest K (rows as in slices.json)."""
    from rich.table import Table

    from sracl_core.commands.tables import cell

    rows = [row for row in rows if row["split"] == "test"]
    largest: dict[str, tuple[int, str]] = {}
    for metric in dict.fromkeys(row["metric"] for row in rows if row["metric"]):
        family, _, cutoff = metric.partition("@")
        largest[family] = max(largest.get(family, (0, "")), (int(cutoff or 0), metric))
    shown = [largest[family][1] for family in ("hr", "ndcg") if family in largest]
    value_of = {(row["slice"], row["metric"]): row["value"] for row in rows}
    table = Table(title="Test users, in slices")
    table.add_column("slice")
    for name in ("users", *shown):
        table.add_column(name, justify="right")
    for name, users in {row["slice"]: row["n"] for row in rows}.items():
        table.add_row(cell(name), cell(str(users)), *[_number(value_of.get((name, metric))) for metric in shown])
    return table


def _files_table(folder: Path) -> "Table":
    """What lies in `folder`, with sizes; a folder's is the sum of its files."""
    from rich.table import Table

    from sracl_core.commands.tables import cell

    table = Table(title=cell(f"Artifacts in {folder}"))
    table.add_column("file")
    table.add_column("size", justify="right")
    for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        table.add_row(cell(path.name + "/" * path.is_dir()), size_of(sum(file.stat().st_size for file in files)))
    return table


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
