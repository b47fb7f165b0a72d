"""The account of an ingest: what became of every row, and what a person should be told of."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sracl_core.ingest.catalogue import CatalogueCount
from sracl_core.ingest.cells import CellCount
from sracl_core.ingest.filter import FilterCount
from sracl_core.ingest.matching import Match
from sracl_core.ingest.sequences import SplitCount
from sracl_core.ingest.staging.ids import FloatIds
from sracl_core.ingest.staging.notes import file_notes
from sracl_core.ingest.staging.stage import FileCount
from sracl_core.ingest.staging.timestamps import Clock
from sracl_core.ingest.text.allowed import chosen_names, is_allowed
from sracl_core.params.data import TABLE, DataParams
from sracl_core.params.split import SplitParams

NAMES_TOLD = 8


@dataclass(frozen=True)
class Findings:
    """What the steps of an ingest counted; those of the catalogue are None where there is none."""

    interactions: FileCount
    clock: Clock
    float_ids: list[FloatIds]
    filtered: FilterCount
    parts: SplitCount
    listed: CatalogueCount
    items: FileCount | None
    match: Match | None
    cells: CellCount | None
    remarks: list[str]


def summarize(found: Findings, data: DataParams, split: SplitParams, dates: dict[str, int]) -> dict[str, Any]:
    """Return the summary of an ingest as JSON; `dates` are those of a timeline split."""
    filtered, listed = found.filtered, found.listed
    _check_sum(filtered.interactions, found.parts)
    summary = {
        "source": data.source_part,
        "users": filtered.users,
        "items": filtered.items,
        "interactions": filtered.interactions,
        "interactions_file": _interactions_account(found.interactions, filtered),
        "items_file": _items_account(found.items, listed) if found.items is not None else None,
        "items_not_in_catalogue": {"count": listed.not_listed[0], "first": listed.not_listed[1]},
        "items_without_text": {"count": listed.no_text[0], "first": listed.no_text[1]},
        "timestamp_unit": found.clock.unit,
    }
    if found.cells is not None:
        dropped = {f"{name}: {kind}": count for (name, kind), count in sorted(found.cells.dropped.items())}
        summary["no_text_in_cells"] = {"count": dropped, "first": found.cells.dropped_from}
        summary["missing_values_in_words"] = dict(sorted(found.cells.missing.items()))
        summary["fields_not_allowed"] = dict(_by_count(found.cells.left_out))
    return summary | {
        "split": {"method": split.method, **dates, **vars(found.parts)},
        "notes": _notes(found, data),
    }


def _notes(found: Findings, data: DataParams) -> list[str]:
    """Whole sentences on all that was done to the data beside reading it; a warning says so at its beginning."""
    files = [found.interactions, *([found.items] if found.items is not None else [])]
    notes = [*found.clock.lines(), *file_notes(files), *_catalogue_notes(found), *found.remarks]
    for ids in found.float_ids:
        notes.append(f"{ids.file}: all {ids.axis} ids are whole numbers written as floats; 12.0 is read as 12.")
        if ids.lost:
            notes.append(
                f"warning: {ids.lost} {ids.axis} ids in {ids.file} are so large that a float does not hold all their "
                "digits: different ids may have become one. Write the file again with whole numbers or text."
            )
    if found.filtered.outside_dates:
        notes.append(f"{found.filtered.outside_dates} interactions lie outside data.from and data.to.")
    if found.match is not None:
        notes.append(found.match.line())
        if found.match.warning:
            notes.append(f"warning: {found.match.warning}")
    return notes + (_cell_notes(found.cells, data) if found.cells is not None else [])


def _catalogue_notes(found: Findings) -> list[str]:
    notes = []
    if found.items is not None and found.items.rejected:
        notes.append(
            f"{found.items.file}: {found.items.rejected} of {found.items.read} rows cannot be read (see rejected)."
        )
    if found.listed.duplicates:
        notes.append(f"{found.listed.duplicates} rows of the catalogue repeat an item; its first row counts.")
    return notes


def _cell_notes(cells: CellCount, data: DataParams) -> list[str]:
    unknown = [
        name
        for name in data.attributes or ()
        if not any(
            is_allowed(found, chosen_names([name], taken_apart=data.source_part != TABLE)) for found in cells.taken
        )
    ]
    notes = [f"warning: no item has a field that data.attributes names: {', '.join(unknown)}."] if unknown else []
    if cells.dropped:
        told = ", ".join(f"{name} {kind} ({count})" for (name, kind), count in cells.dropped.most_common(NAMES_TOLD))
        first = ", ".join(map(repr, cells.dropped_from[:3]))
        notes.append(
            f"Cells of the catalogue that hold code or markup but no text are empty: {told}; first items {first}."
        )
    if cells.missing:
        told = ", ".join(f"{name} ({count})" for name, count in cells.missing.most_common(NAMES_TOLD))
        notes.append(f"Words that stand for a missing value (nan, None, null, …) are read as one: {told}.")
    if cells.left_out:
        told = ", ".join(f"{name} ({count})" for name, count in _by_count(cells.left_out)[:NAMES_TOLD])
        more = f" and {len(cells.left_out) - NAMES_TOLD} more" if len(cells.left_out) > NAMES_TOLD else ""
        notes.append(
            f"Fields that are not on the list of allowed attributes are left out (data.attributes): {told}{more}."
        )
    if cells.abbreviated:
        notes.append(
            f"warning: {cells.abbreviated} lists in the catalogue are abbreviated (...): the tool that wrote them left "
            "out their middle. Write the file again with whole lists."
        )
    return notes


def _by_count(counter: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))


def _interactions_account(count: FileCount, filtered: FilterCount) -> dict[str, Any]:
    """Every record of the file: read = rejected + all that was dropped + kept."""
    account = {
        "file": count.file,
        "read": count.read,
        "rejected": count.rejected,
        "outside_dates": filtered.outside_dates,
        "below_min_rating": filtered.below_min_rating,
        "repeats": filtered.repeats,
        "dropped_by_core_users": filtered.by_users,
        "dropped_by_core_items": filtered.by_items,
        "kept": filtered.interactions,
        **vars(count.remarks),
        "core_rounds": filtered.rounds,
        "users_dropped": filtered.users_dropped,
        "items_dropped": filtered.items_dropped,
    }
    dropped = ("outside_dates", "below_min_rating", "repeats", "dropped_by_core_users", "dropped_by_core_items")
    return _balanced(account, ("rejected", *dropped, "kept"))


def _items_account(count: FileCount, listed: CatalogueCount) -> dict[str, Any]:
    """Every row of the catalogue: read = rejected + duplicates + without interactions + kept."""
    account = {
        "file": count.file,
        "read": count.read,
        "rejected": count.rejected,
        "duplicates": listed.duplicates,
        "without_interactions": listed.without_interactions,
        "kept": listed.kept,
        **vars(count.remarks),
    }
    return _balanced(account, ("rejected", "duplicates", "without_interactions", "kept"))


def _balanced(account: dict[str, Any], parts: tuple[str, ...]) -> dict[str, Any]:
    if account["read"] != sum(account[part] for part in parts):
        raise RuntimeError(f"a row was lost on the way: {account}")
    return account


def _check_sum(interactions: int, parts: SplitCount) -> None:
    if parts.train + parts.valid + parts.test != interactions:
        raise RuntimeError(f"an interaction was lost in the split: {interactions} became {parts}")
