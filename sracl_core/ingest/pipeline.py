"""The whole of ingest: locate the raw files, read them, filter, split, write, and account for every row."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import TableWriter
from sracl_core.documents import write_json
from sracl_core.ground.errors import DataError
from sracl_core.ground.plugins import load_plugin, require_part
from sracl_core.ingest import catalogue
from sracl_core.ingest.account import Findings, summarize
from sracl_core.ingest.allowed import allowed_attributes
from sracl_core.ingest.catalogue import join_catalogue, write_items
from sracl_core.ingest.cells import CellReader
from sracl_core.ingest.filter import filter_interactions
from sracl_core.ingest.matching import match_catalogue
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.session import Session, open_session
from sracl_core.ingest.sequences import write_sequences
from sracl_core.ingest.sources.protocol import Layout
from sracl_core.ingest.split import Timeline, make_split
from sracl_core.ingest.staging.ids import read_ids
from sracl_core.ingest.staging.stage import REJECTED_TABLE, check_share, stage_interactions, stage_items
from sracl_core.ingest.staging.timestamps import FILE_ORDER, read_clock
from sracl_core.params.data import DataParams
from sracl_core.params.split import SplitParams
from sracl_core.schemas.ingest import REJECTED


@dataclass(frozen=True)
class IngestOutputs:
    """Where the artifacts go; temporary files lie beside `interactions`."""

    interactions: Path
    items: Path
    users: Path
    sequences: Path
    rejected: Path
    summary: Path


def locate(folder: Path, data: DataParams) -> Layout:
    """Return what the source `data.source` finds in `folder`; its `paths` are the files that will be read.

    Raises DataError when a file or a column is missing, ModelError when a source's import path leads nowhere.
    """
    part = data.source_part
    source = require_part(part, load_plugin("sracl_core.ingest.sources", part), "source", ("locate",))
    layout: Layout = source.locate(RawFolder(folder), data)
    file = layout.interactions.records.file.name
    if data.min_rating is not None and layout.interactions.rating is None:
        raise DataError(
            f"data.min_rating is {data.min_rating:g}, but {file} has no rating. "
            "Name its column in data.sources.table.columns.rating, or leave data.min_rating empty."
        )
    if layout.interactions.timestamp is None and data.window() != (None, None):
        raise DataError(
            f"data.from or data.to is set, but {file} has no timestamps. Name their column in "
            "data.sources.table.columns.timestamp, or leave data.from and data.to empty."
        )
    return layout


def ingest(
    layout: Layout,
    data: DataParams,
    split: SplitParams,
    outputs: IngestOutputs,
    provenance: Provenance,
    *,
    memory_gb: float,
    threads: int | None,
) -> dict[str, Any]:
    """Turn the raw files of `layout` into the artifacts `outputs`, and return the summary that is written too.

    DuckDB holds at most `memory_gb` GB (10⁹ bytes) and works with `threads` threads (None: all cores); neither changes
    a byte of the outputs. Raises DataError when too many records cannot be read (`outputs.rejected` then shows them) or
    nothing is left.
    """
    names = layout.interactions
    with open_session(outputs.interactions.parent, memory_gb=memory_gb, threads=threads) as session:
        session.run(REJECTED_TABLE)
        interactions = stage_interactions(session, names, data.timestamp_unit)
        if layout.items is None:
            session.run(catalogue.EMPTY)
        items = stage_items(session, layout.items) if layout.items is not None else None
        _write_rejected(session, outputs.rejected, provenance)
        for count in (interactions, items):
            if count is not None:
                check_share(session, count, data.max_rejected, str(outputs.rejected))
        if interactions.read == interactions.rejected:
            told = f": all {interactions.read} records were rejected (see {outputs.rejected})"
            raise DataError(
                f"{interactions.file} holds no interactions{told if interactions.read else ''}. Check data.path, or "
                "the file itself."
            )
        clock = read_clock(session, interactions.file, names.timestamp) if names.timestamp else FILE_ORDER
        ids = read_ids(session, interactions.file, items.file if items else None)
        filtered = filter_interactions(session, data, clock, ids)
        cut = make_split(session, split, filtered.interactions, clock)
        parts = write_sequences(
            session,
            cut,
            filtered.interactions,
            clock,
            provenance,
            interactions_path=outputs.interactions,
            sequences_path=outputs.sequences,
            users_path=outputs.users,
        )
        join_catalogue(session, ids.listed_item)
        reader = CellReader(layout.items, allowed_attributes(data)) if layout.items is not None else None
        listed = write_items(session, filtered.items, outputs.items, provenance, reader)
        match = None
        if items is not None:
            match = match_catalogue(session, filtered.interactions, interactions.file, items.file)
    found = Findings(
        interactions=interactions,
        clock=clock,
        float_ids=ids.floats,
        filtered=filtered,
        parts=parts,
        listed=listed,
        items=items,
        match=match,
        cells=reader.count if reader is not None else None,
        remarks=_remarks(layout),
    )
    dates = {"valid_from": cut.valid_from, "test_from": cut.test_from} if isinstance(cut, Timeline) else {}
    summary = summarize(found, data, split, dates)
    write_json(outputs.summary, summary)
    return summary


def _remarks(layout: Layout) -> list[str]:
    """What a person should know of the files themselves."""
    if layout.items is not None:
        return list(layout.items.remarks)
    return [
        "warning: there is no catalogue, so no item has a text, and profiles can tell of ids and companions alone. "
        f"Looked for {layout.looked_for or 'a file of items'}; if it has another name, set data.items_file."
    ]


def _write_rejected(session: Session, path: Path, provenance: Provenance) -> None:
    with TableWriter(path, REJECTED, provenance) as file:
        for table in session.tables("SELECT * FROM rejected ORDER BY part, line", catalogue.ROWS_AT_ONCE):
            file.write(table)
