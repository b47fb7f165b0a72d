"""Stage ingest: raw logs and catalogue → interactions, items, users, sequences."""

from pathlib import Path

from sracl_core.ground.console import say
from sracl_core.ingest.held_out import require_held_out
from sracl_core.ingest.links import link_notes
from sracl_core.ingest.pipeline import IngestOutputs, ingest, locate
from sracl_core.params.data import DataParams
from sracl_core.params.reading.section import read_section
from sracl_core.params.runtime import RuntimeParams
from sracl_core.params.split import SplitParams
from stages.entry import PARAMS_FILE, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    interactions: Out = Path("data/interim/interactions.parquet"),
    items: Out = Path("data/interim/items.parquet"),
    users: Out = Path("data/interim/users.parquet"),
    sequences: Out = Path("data/interim/sequences.parquet"),
    rejected: Out = Path("data/interim/rejected.parquet"),
    summary: Out = Path("data/interim/ingest.json"),
) -> None:
    """Read the raw files in data.path, filter and split them, and account for every row."""
    data, split = read_section(params_file, DataParams), read_section(params_file, SplitParams)
    runtime = read_section(params_file, RuntimeParams, only=("threads", "memory_gb"))
    layout = locate(Path(data.path), data)
    for note in link_notes(Path(data.path), layout.paths):
        say(f"note: {note}")
    found = ingest(
        layout,
        data,
        split,
        IngestOutputs(interactions, items, users, sequences, rejected, summary),
        provenance("ingest", [data, split], [], data.source_part, raw=layout.paths),
        memory_gb=runtime.memory_gb,
        threads=runtime.threads,
    )
    parts, read = found["split"], found["interactions_file"]
    say(
        f"ingest: {found['users']} users, {found['items']} items, {found['interactions']} of {read['read']} "
        f"interactions kept ({read['rejected']} rejected); {parts['train']} train, {parts['valid']} valid, "
        f"{parts['test']} test; the whole account is in {summary}"
    )
    for note in found["notes"]:
        say(note if note.startswith("warning:") else f"note: {note}")
    require_held_out(found)


if __name__ == "__main__":
    run(main)
