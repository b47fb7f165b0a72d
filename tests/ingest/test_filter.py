"""The core filter, repeats and both splits against plain references."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sracl_core.ground.errors import DataError
from sracl_core.ingest.split import LeaveOneOut, Timeline
from sracl_core.params.data import ColumnNames
from sracl_core.params.split import SplitParams
from sracl_core.ragged import Ragged

# (user, item, timestamp, rating), in the order of the file
logs = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 6), st.integers(1, 5)), min_size=1, max_size=40
)
cores = st.tuples(st.integers(1, 3), st.integers(1, 3))
quick = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Row = tuple[str, str, int, int]


def core(rows: list[Row], users: int, items: int) -> list[Row]:
    while True:
        by_user, by_item = Counter(row[0] for row in rows), Counter(row[1] for row in rows)
        kept = [row for row in rows if by_user[row[0]] >= users and by_item[row[1]] >= items]
        if len(kept) == len(rows):
            return kept
        rows = kept


def repeats(rows: list[Row], which: str) -> list[Row]:
    if which == "keep":
        return rows
    ordered = sorted(rows, key=lambda row: row[2])  # stable, as the pipeline promises
    chosen = ordered if which == "first" else ordered[::-1]
    once = {(row[0], row[1]): row for row in reversed(chosen)}
    return [row for row in ordered if once[row[0], row[1]] is row]


def write(raw, rows: list[Row]) -> None:
    lines = [",".join(map(str, row)) for row in rows]
    (raw / "interactions.csv").write_text("\n".join(["user_id,item_id,timestamp,rating", *lines]) + "\n")


@quick
@given(log=logs, core_of=cores, which=st.sampled_from(["keep", "first", "last"]))
@pytest.mark.parametrize("min_rating", [None, 2.5])
def test_filters_agree_with_plain_ones(raw, run_ingest, min_rating, *, log, core_of, which):
    users, items = core_of
    rows = [(f"u{user}", f"i{item}", time, rating) for user, item, time, rating in log]
    write(raw, rows)
    rated = [row for row in rows if min_rating is None or row[3] >= min_rating]
    single = repeats(rated, which)
    kept = core(sorted(single, key=lambda row: row[2]), users, items)
    options = {
        "columns": ColumnNames(rating="rating"),
        "min_rating": min_rating,
        "repeats": which,
        "core_users": users,
        "core_items": items,
    }
    if not kept:
        with pytest.raises(DataError, match="no interaction is left"):
            run_ingest(raw, **options)
        return
    found = run_ingest(raw, **options)
    expected: dict[str, list[tuple[str, int]]] = {}
    for user, item, time, _ in kept:
        expected.setdefault(user, []).append((item, time))
    assert found.histories() == expected
    account = found.summary["interactions_file"]
    assert account["below_min_rating"] == len(rows) - len(rated)
    assert account["repeats"] == len(rated) - len(single)
    assert account["dropped_by_core_users"] + account["dropped_by_core_items"] == len(single) - len(kept)
    assert (found.summary["users"], found.summary["items"]) == (len(expected), len({row[1] for row in kept}))
    ids = [row["item_id"] for row in found.rows("items")]
    assert ids == sorted(ids)
    assert [row["item"] for row in found.rows("items")] == list(range(1, len(ids) + 1))


@quick
@given(
    log=logs,
    method=st.sampled_from(["leave_one_out", "timeline"]),
    shares=st.sampled_from([(0.1, 0.1), (0.3, 0.2), (0.05, 0.5)]),
)
def test_splits_agree_with_plain_ones(raw, run_ingest, log, method, shares):
    rows = [(f"u{user}", f"i{item}", time, rating) for user, item, time, rating in log]
    write(raw, rows)
    split = SplitParams(method=method, valid_share=shares[0], test_share=shares[1])
    ordered = sorted(rows, key=lambda row: row[2])
    cut = len(rows) - max(1, round(shares[1] * len(rows)))
    test_from = ordered[cut][2]
    valid_from = ordered[max(0, cut - max(1, round(shares[0] * len(rows))))][2]
    if method == "timeline" and valid_from == ordered[0][2]:
        with pytest.raises(DataError, match="leaves nothing to train on"):
            run_ingest(raw, split=split)
        return
    found = run_ingest(raw, split=split)
    numbers = {row["item_id"]: row["item"] for row in found.rows("items")}
    expected = []
    for place, user in enumerate(sorted({row[0] for row in rows})):
        history = [(numbers[row[1]], row[2]) for row in ordered if row[0] == user]
        if method == "timeline":
            train = [item for item, time in history if time < valid_from]
            valid = [item for item, time in history if valid_from <= time < test_from]
            test = [item for item, time in history if time >= test_from]
        else:
            ends = (len(history) - 2, len(history) - 1) if len(history) >= 3 else (len(history), len(history))
            items = [item for item, _ in history]
            train, valid, test = items[: ends[0]], items[ends[0] : ends[1]], items[ends[1] :]
        expected.append({"user": place, "train": train, "valid": valid, "test": test})
    assert found.rows("sequences") == expected
    assert [row["n_train"] for row in found.rows("users")] == [len(row["train"]) for row in expected]
    parts = found.summary["split"]
    assert parts["train"] + parts["valid"] + parts["test"] == len(rows)
    assert parts["users_without_train"] == sum(not row["train"] for row in expected)
    assert parts["users_train_only"] == sum(not row["valid"] and not row["test"] for row in expected)


def test_ends_by_hand():
    timestamps = Ragged.from_lists([[1, 2, 3, 4], [5, 6], [], [3, 3, 9]])
    assert [ends.tolist() for ends in LeaveOneOut().ends(timestamps)] == [[2, 2, 0, 1], [3, 2, 0, 2]]
    assert [ends.tolist() for ends in Timeline(3, 6).ends(timestamps)] == [[2, 0, 0, 0], [4, 1, 0, 2]]


@pytest.mark.parametrize("rows_at_once", [1, 2, 7, 1000])
def test_histories_stay_whole_however_the_tables_are_cut(raw, run_ingest, monkeypatch, rows_at_once):
    rng = np.random.default_rng(3)
    rows = [(f"u{rng.integers(9)}", f"i{rng.integers(20)}", int(rng.integers(50)), 1) for _ in range(200)]
    write(raw, rows)
    whole = run_ingest(raw, out="whole").rows("sequences")
    monkeypatch.setattr("sracl_core.ingest.sequences.ROWS_AT_ONCE", rows_at_once)
    assert run_ingest(raw, out=f"cut{rows_at_once}").rows("sequences") == whole
