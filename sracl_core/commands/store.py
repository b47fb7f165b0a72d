"""`sracl store`: look after the answers that were paid for."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sracl_core.ground.console import guarded, say
from sracl_core.ground.errors import ParamsError
from sracl_core.ground.full_disk import size_of
from sracl_core.ground.outside import shown

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.table import Table

app = typer.Typer(no_args_is_help=True, help="Look after the store of paid answers.")

StoreFolder = Annotated[
    Path | None, typer.Option("--store", help="Folder of the paid answers; by default the project's .sracl/store.")
]


@app.command("show")
@guarded
def show_store(store: StoreFolder = None) -> None:
    """Show how many answers lie in the store, and who gave them."""
    from sracl_core.commands.tables import TableConsole
    from sracl_core.project import project_store

    kept = project_store(store)
    _require_folder(kept.folder)
    if not kept.folder.is_dir():
        say(f"0 answers: {kept.folder} does not exist, nothing was paid for yet.")
        return
    answers = kept.contents()
    TableConsole().print(_answers_table(answers))
    segments, size = len(list(kept.folder.glob("*.parquet"))), size_of(_bytes_in(kept.folder))
    kept.tell_damage()
    say(f"{answers.num_rows:,} answers in {segments:,} segments, {size}, {kept.damaged:,} damaged; in {kept.folder}")


@app.command("compact")
@guarded
def compact_store(store: StoreFolder = None) -> None:
    """Put all answers into one segment, each once."""
    from sracl_core.project import project_store

    kept = project_store(store)
    _require_folder(kept.folder)
    if not kept.folder.is_dir():
        say(f"Nothing to compact: {kept.folder} does not exist.")
        return
    before = _bytes_in(kept.folder)
    answers = kept.compact()
    kept.tell_damage()
    left = f"; {kept.damaged:,} damaged left out" if kept.damaged else ""
    say(f"{answers:,} answers in one segment: {size_of(before)} became {size_of(_bytes_in(kept.folder))}{left}")


def _require_folder(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise ParamsError(f"{shown(str(path))} is no folder of paid answers, but a file. Name the folder: --store.")


def _answers_table(answers: "pa.Table") -> "Table":
    """One row an engine and a way of decoding."""
    from rich.table import Table

    from sracl_core.commands.tables import cell

    table = Table(title="Paid answers")
    for name in ("engine", "model and decoding"):
        table.add_column(name)
    for name in ("answers", "tokens of one"):
        table.add_column(name, justify="right")
    groups = answers.group_by(["engine", "identity"]).aggregate([("address", "count"), ("tokens_out", "mean")])
    for row in groups.sort_by([("engine", "ascending"), ("identity", "ascending")]).to_pylist():
        mean = row["tokens_out_mean"]
        tokens = "–" if mean is None else f"{mean:,.0f}"
        who = [cell(row[name]) for name in ("engine", "identity")]
        table.add_row(*who, f"{row['address_count']:,}", tokens)
    return table


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
