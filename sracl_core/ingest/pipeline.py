"""The whole of ingest: locate the raw files, read them, filter, split, write, and account for every row."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sracl_core.artifacts import REJECTED, Provenance, TableWriter, write_json
from sracl_core.errors import DataError
from sracl_core.ingest import catalogue
from sracl_core.ingest.catalogue import CatalogueCount, write_items
from sracl_core.ingest.files import RawFolder
from sracl_core.ingest.filter import FilterCount, filter_interactions
from sracl_core.ingest.sequences import SplitCount, write_sequences
from sracl_core.ingest.session import Session, open_session
from sracl_core.ingest.sources.protocol import Layout
from sracl_core.ingest.split import Timeline, make_split
from sracl_core.ingest.staging import REJECTED_TABLE, FileCount, check_share, stage_interactions, stage_items
from sracl_core.params.data import DataParams, SplitParams
from sracl_core.plugins import load_plugin


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
    layout: Layout = load_plugin("sracl_core.ingest.sources", data.source).locate(RawFolder(folder), data)
    if data.min_rating is not None and layout.interactions.rating is None:
        raise DataError(
            f"data.min_rating is {data.min_rating:g}, but {layout.interactions.records.file.name} has no rating. "
            "Name its column in data.columns.rating, or leave data.min_rating empty."
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
    with open_session(outputs.interactions.parent, memory_gb=memory_gb, threads=threads) as session:
        session.run(REJECTED_TABLE)
        interactions = stage_interactions(session, layout.interactions)
        if layout.items is None:
            session.run(catalogue.EMPTY)
        items = stage_items(session, layout.items) if layout.items is not None else None
        _write_rejected(session, outputs.rejected, provenance)
        for count in (interactions, items):
            if count is not None:
                check_share(session, count, data.max_rejected, str(outputs.rejected))
        if interactions.read == 0:
            raise DataError(f"{interactions.file} holds no interactions. Check data.path, or the file itself.")
        filtered = filter_interactions(session, data)
        cut = make_split(session, split, filtered.interactions)
        parts = write_sequences(
            session,
            cut,
            filtered.interactions,
            provenance,
            interactions_path=outputs.interactions,
            sequences_path=outputs.sequences,
            users_path=outputs.users,
        )
        listed = write_items(session, filtered.items, outputs.items, provenance)
    dates = {"valid_from": cut.valid_from, "test_from": cut.test_from} if isinstance(cut, Timeline) else {}
    summary = {
        "source": data.source,
        "users": filtered.users,
        "items": filtered.items,
        "interactions": filtered.interactions,
        "interactions_file": _interactions_account(interactions, filtered),
        "items_file": _items_account(items, listed) if items is not None else None,
        "items_not_in_catalogue": {"count": listed.not_listed[0], "first": listed.not_listed[1]},
        "items_without_text": {"count": listed.no_text[0], "first": listed.no_text[1]},
        "split": {"method": split.method, **dates, **vars(parts)},
    }
    _check_sum(filtered.interactions, parts)
    write_json(outputs.summary, summary)
    return summary


def _write_rejected(session: Session, path: Path, provenance: Provenance) -> None:
    with TableWriter(path, REJECTED, provenance) as file:
        for table in session.tables("SELECT * FROM rejected ORDER BY part, line", catalogue.ROWS_AT_ONCE):
            file.write(table)


def _interactions_account(count: FileCount, filtered: FilterCount) -> dict[str, Any]:
    """Every record of the file: read = rejected + all that was dropped + kept."""
    account = {
        "file": count.file,
        "read": count.read,
        "rejected": count.rejected,
        "below_min_rating": filtered.below_min_rating,
        "repeats": filtered.repeats,
        "dropped_by_core_users": filtered.by_users,
        "dropped_by_core_items": filtered.by_items,
        "kept": filtered.interactions,
        "blank_lines": count.blank_lines,
        "core_rounds": filtered.rounds,
        "users_dropped": filtered.users_dropped,
        "items_dropped": filtered.items_dropped,
    }
    parts = ("rejected", "below_min_rating", "repeats", "dropped_by_core_users", "dropped_by_core_items", "kept")
    return _balanced(account, parts)


def _items_account(count: FileCount, listed: CatalogueCount) -> dict[str, Any]:
    """Every row of the catalogue: read = rejected + duplicates + without interactions + kept."""
    account = {
        "file": count.file,
        "read": count.read,
        "rejected": count.rejected,
        "duplicates": listed.duplicates,
        "without_interactions": listed.without_interactions,
        "kept": listed.kept,
        "blank_lines": count.blank_lines,
    }
    return _balanced(account, ("rejected", "duplicates", "without_interactions", "kept"))


def _balanced(account: dict[str, Any], parts: tuple[str, ...]) -> dict[str, Any]:
    if account["read"] != sum(account[part] for part in parts):
        raise RuntimeError(f"a row was lost on the way: {account}")
    return account


def _check_sum(interactions: int, parts: SplitCount) -> None:
    if parts.train + parts.valid + parts.test != interactions:
        raise RuntimeError(f"an interaction was lost in the split: {interactions} became {parts}")
