"""Whether anything is held out: without it training could neither stop at its best epoch nor be measured."""

from typing import Any

from sracl_core.ground.errors import DataError


def require_held_out(summary: dict[str, Any]) -> None:
    """Raise DataError, naming cause and parameters, when the `summary` of an ingest has nobody to validate or to test.

    A target counts if there is a history before it.
    """
    parts = summary["split"]
    empty = [name for name, part in (("validation", "valid"), ("test", "test")) if not parts[f"{part}_targets"]]
    if not empty:
        return
    account = summary["interactions_file"]
    became = [
        f"{count} {what}"
        for count, what in (
            (account["rejected"], "were rejected"),
            (account["outside_dates"], "lie outside data.from and data.to"),
            (account["below_min_rating"], "are below data.min_rating"),
            (account["repeats"], "are repeats (data.repeats)"),
            (account["dropped_by_core_users"], "are of users below data.core_users"),
            (account["dropped_by_core_items"], "are of items below data.core_items"),
            (account["kept"], f"stayed, of {summary['users']} users"),
        )
        if count
    ]
    missing = f"Nobody is left for {' and '.join(empty)}. Of {account['read']} records {'; '.join(became)}."
    if parts["method"] == "leave_one_out":
        raise DataError(
            f"{missing} split.method leave_one_out takes a user's last interaction for the test and the one before it "
            "for validation, so a user needs three, and none has them. Bring more interactions a user; see whether "
            "data.sources.table.columns.user names the right column."
        )
    raise DataError(
        f"{missing} split.method timeline cuts at two dates, and nobody with a history before that has an interaction "
        f"for {' and '.join(empty)}. Raise split.valid_share and split.test_share, see whether "
        "data.sources.table.columns.timestamp names the right column, or set split.method to leave_one_out."
    )
