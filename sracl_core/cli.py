"""`sracl`: what people run by hand. Heavy libraries are imported by the command that needs them, never on top."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

app = typer.Typer(no_args_is_help=True, add_completion=False, help="SRA-CL, from raw logs to an evaluated model.")
params_app = typer.Typer(no_args_is_help=True, help="Look after params.yaml.")
app.add_typer(params_app, name="params")

ParamsFile = Annotated[Path, typer.Option("--params", help="The params file to check.")]
Folder = Annotated[Path, typer.Option("--artifacts", help="The folder the pipeline writes its results to.")]


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"sracl {version('sracl')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """SRA-CL, from raw logs to an evaluated model. The pipeline itself is run with `dvc repro`."""


@params_app.command("check")
def check(params: ParamsFile = Path("params.yaml")) -> None:
    """Check every parameter; list all problems at once."""
    from sracl_core.errors import SraclError
    from sracl_core.params.check import SECTIONS, check_params
    from sracl_core.params.section import read_yaml

    try:
        check_params(params)
        count = sum(_leaves(section) for section in read_yaml(params).values())
    except SraclError as error:
        _fail(error)
    print(f"{count} parameters in {len(SECTIONS)} sections are valid.")


@app.command()
def show(artifacts: Folder = Path("data/artifacts")) -> None:
    """Show the metrics of the last run, and where its artifacts lie."""
    from rich.console import Console

    from sracl_core.artifacts import read_json
    from sracl_core.errors import ArtifactError

    console = Console(soft_wrap=not sys.stdout.isatty())
    try:
        if not (artifacts / "metrics.json").is_file():
            raise ArtifactError(f"{artifacts} holds no metrics.json: nothing was evaluated yet. Run `dvc repro` first.")
        console.print(_metrics_table(read_json(artifacts / "metrics.json")))
        if (artifacts / "slices.json").is_file():
            console.print(_slices_table(read_json(artifacts / "slices.json")))
    except ArtifactError as error:
        _fail(error)
    console.print(_files_table(artifacts))


def _fail(error: Exception) -> None:
    print(f"error: {error}", file=sys.stderr)
    raise typer.Exit(1) from None


def _leaves(value: Any) -> int:
    """How many single parameters a group holds; a list is one."""
    return sum(map(_leaves, value.values())) if isinstance(value, dict) else 1


def _metrics_table(metrics: dict[str, dict[str, float]]) -> "Table":
    """One row a metric, one column a split: {"test": {"hr@5": …, "users": n}, "valid": …}."""
    from rich.table import Table

    table = Table(title="Metrics (full ranking over all items)")
    table.add_column("metric")
    for split in metrics:
        table.add_column(split, justify="right")
    for name in dict.fromkeys(name for values in metrics.values() for name in values):
        table.add_row(name, *[_number(values.get(name)) for values in metrics.values()])
    return table


def _slices_table(rows: list[dict[str, Any]]) -> "Table":
    """The test split's slices, one row each, with the NDCG and HR at the largest K (rows as in slices.json)."""
    from rich.table import Table

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
        table.add_row(name, str(users), *[_number(value_of.get((name, metric))) for metric in shown])
    return table


def _files_table(folder: Path) -> "Table":
    """What lies in `folder`, with sizes; a folder's is the sum of its files."""
    from rich.table import Table

    table = Table(title=f"Artifacts in {folder}")
    table.add_column("file")
    table.add_column("size", justify="right")
    for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        table.add_row(path.name + "/" * path.is_dir(), _size(sum(file.stat().st_size for file in files)))
    return table


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def _size(size: float) -> str:
    """Bytes as people read them."""
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
