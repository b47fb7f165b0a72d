"""Times: the unit by the size of the numbers, exact to the last digit, a mixture refused, dates as a window."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.session import open_session
from sracl_core.ingest.staging.timestamps import END_OF_2100, UNITS, ZERO, read_moments
from sracl_core.params.data import ColumnNames
from sracl_core.params.split import SplitParams

SECOND = 1531001351  # 2018-07-07 22:09:11 UTC


def csv(*stamps: object) -> str:
    lines = (f"u,i{place},{stamp}\n" for place, stamp in enumerate(stamps))
    return "user_id,item_id,timestamp\n" + "".join(lines)


def order(found) -> list[str]:
    return [item for item, _ in found.histories()["u"]]


@pytest.mark.parametrize(("unit", "digits"), [("s", 0), ("ms", 3), ("us", 6), ("ns", 9)])
@pytest.mark.parametrize("chosen", [False, True])
def test_the_unit_is_told_by_the_size_and_the_last_digit_counts(raw, run_ingest, unit, digits, chosen):
    first = SECOND * 10**digits
    (raw / "interactions.csv").write_text(csv(first + 2, first + 3, first + 1))
    found = run_ingest(raw, timestamp_unit=unit if chosen else "auto")
    assert order(found) == ["i2", "i0", "i1"]
    seconds = {row["timestamp"] - SECOND for row in found.rows("interactions")}
    assert seconds == ({1, 2, 3} if unit == "s" else {0})
    assert found.summary["timestamp_unit"] == unit
    words = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}[unit]
    assert found.summary["notes"][0] == f"Timestamps are read as {words}, from 2018-07-07 to 2018-07-07 (UTC)."


@pytest.mark.parametrize("form", ["{}.0", "{}.00", "{}e0", "+{}", " {} ", '"{}"'])
def test_whole_numbers_are_exact_however_they_are_written(raw, run_ingest, form):
    stamps = [form.format(1531001351123456789 + n) for n in (1, 2, 0)]
    (raw / "interactions.csv").write_text(csv(*stamps))
    found = run_ingest(raw)
    assert (order(found), found.summary["timestamp_unit"]) == (["i2", "i0", "i1"], "ns")


def test_fractions_of_a_second_count(raw, run_ingest):
    (raw / "interactions.csv").write_text(csv(f"{SECOND}.000002", f"{SECOND}.000001", f"{SECOND}.0000015"))
    assert order(run_ingest(raw)) == ["i1", "i0", "i2"], "equal microseconds keep the order of the file"


def test_a_mixture_of_units_is_refused_with_lines(raw, run_ingest):
    (raw / "interactions.csv").write_text(csv(SECOND, SECOND + 1, SECOND * 1000, 0))
    with pytest.raises(DataError) as error:
        run_ingest(raw)
    message = str(error.value)
    assert "interactions.csv, column timestamp: the timestamps are in several units" in message
    assert (
        f"2 are in seconds (first in line 2: {SECOND}); 1 is in milliseconds (first in line 4: {SECOND}000)" in message
    )
    assert "data.timestamp_unit" in message
    assert run_ingest(raw, timestamp_unit="ms", out="chosen").summary["interactions"] == 4


def test_zeros_fit_every_unit_and_dates_stand_beside_numbers(raw, run_ingest):
    (raw / "interactions.csv").write_text(
        csv(SECOND * 10**9 + 5, "2018-07-07 22:09:11.000001", 0, "1969-12-31T23:59:59Z")
    )
    found = run_ingest(raw)
    assert [(item, stamp - SECOND if stamp > 0 else stamp) for item, stamp in found.histories()["u"]] == [
        ("i3", -1),
        ("i2", 0),
        ("i0", 0),
        ("i1", 0),
    ]
    assert found.summary["timestamp_unit"] == "ns"


def test_dates_alone_are_told_as_dates(raw, run_ingest):
    (raw / "interactions.csv").write_text(csv("2018-07-07", "2018-07-06T23:00:00-02:00"))
    found = run_ingest(raw)
    assert order(found) == ["i0", "i1"]
    assert found.summary["timestamp_unit"] == "date"
    assert found.summary["notes"][0] == "Timestamps are read as dates, from 2018-07-07 to 2018-07-07 (UTC)."


def test_what_is_no_time_is_rejected(raw, run_ingest):
    wrong = ["nan", "NaT", "inf", "1e30", "0x10", "07/07/2018", "soon", "true", "", "-"]
    (raw / "interactions.csv").write_text(csv(SECOND, *wrong))
    found = run_ingest(raw, max_rejected=1.0)
    assert found.summary["interactions_file"]["rejected"] == len(wrong)
    chosen = run_ingest(raw, max_rejected=1.0, timestamp_unit="s", out="chosen")
    assert "neither a number (data.timestamp_unit s) nor an ISO date" in chosen.rows("rejected")[0]["reason"]


def test_a_chosen_unit_is_believed_and_a_year_far_off_is_told(raw, run_ingest):
    (raw / "interactions.csv").write_text(csv(SECOND * 1000))
    assert "the year 50485" in run_ingest(raw, timestamp_unit="s").summary["notes"][0]


@settings(max_examples=20, deadline=None)
@given(
    numbers=st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-(10**13), 10**13), min_size=20, max_size=20),
    unit=st.sampled_from(["auto", *(name for name, _, _ in UNITS)]),
)
def test_moments_are_exact_for_any_number(tmp_path_factory, numbers, unit):
    values = ", ".join(f"({place}, '{number}')" for place, number in enumerate(numbers))
    query = f"SELECT * FROM (VALUES {values}) t(place, stamp)"  # noqa: S608
    for layer in read_moments(unit):
        query = f"SELECT *, {layer} FROM ({query})"  # noqa: S608
    with open_session(tmp_path_factory.getbasetemp() / "session", memory_gb=0.2, threads=1) as session:
        found = session.rows(f"SELECT unit, moment FROM ({query}) ORDER BY place")  # noqa: S608
    for number, (place, moment) in zip(numbers, found, strict=True):
        if unit == "auto":
            expected = next((place for place in range(4) if abs(number) < END_OF_2100 * 1000**place), None)
            assert place == (ZERO if number == 0 else expected)
            assert moment == (None if expected is None else number * UNITS[expected][2])
        else:
            factor = next(factor for name, _, factor in UNITS if name == unit)
            assert moment == (number * factor if abs(number) < (2**63 - 1) // factor else None)


def test_recbole_files_with_milliseconds(raw, run_ingest):
    (raw / "a.inter").write_text(
        "user_id:token\titem_id:token\ttimestamp:float\nu\tb\t1531001351122.0\nu\ta\t1531001351121\n"
    )
    found = run_ingest(raw, source="recbole")
    assert found.histories() == {"u": [("a", SECOND), ("b", SECOND)]}


def test_amazon_2023_in_seconds_is_read_as_seconds(raw, run_ingest):
    (raw / "Office.csv").write_text(f"user_id,parent_asin,rating,timestamp\nu,b,5,{SECOND}\n")
    (raw / "meta_Office.jsonl").write_text(json.dumps({"parent_asin": "b"}))
    assert run_ingest(raw, source="amazon2023").histories() == {"u": [("b", SECOND)]}


DATES = ["2018-12-31 23:59:59.999999", "2019-01-01", "2019-12-31 23:59:59.999999", "2020-01-01"]


@pytest.mark.parametrize(
    ("window", "kept"),
    [
        ({"from": "2019-01-01"}, [1, 2, 3]),
        ({"to": "2019-12-31"}, [0, 1, 2]),
        ({"from": "2019-01-01", "to": "2019-12-31"}, [1, 2]),
        ({"from": "2019-01-01", "to": "2019-01-01"}, [1]),
        ({"from": "2019-01-01T01:00:00+01:00", "to": "2020-01-01T00:00:00"}, [1, 2, 3]),
        ({"from": "2021-01-01"}, None),
    ],
)
@pytest.mark.parametrize("nanoseconds", [False, True])
def test_a_window_of_dates_includes_both_days(raw, run_ingest, window, kept, nanoseconds):
    stamps = [*DATES, "1546300800000000000"] if nanoseconds else DATES
    (raw / "interactions.csv").write_text(csv(*stamps))
    if kept is None:
        with pytest.raises(DataError, match=r"no interaction is left of \d: \d lie outside data.from and data.to"):
            run_ingest(raw, **window)
        return
    found = run_ingest(raw, **window)
    inside = [f"i{place}" for place in kept]
    assert [item for item in order(found) if item != "i4"] == inside
    account = found.summary["interactions_file"]
    assert account["outside_dates"] == account["read"] - account["kept"] > 0
    assert f"{account['outside_dates']} interactions lie outside data.from and data.to." in found.summary["notes"]


def test_a_window_needs_timestamps(raw, run_ingest):
    (raw / "interactions.csv").write_text(csv(1))
    with pytest.raises(DataError, match=r"data.from or data.to is set, but interactions.csv has no timestamps"):
        run_ingest(raw, columns=ColumnNames(timestamp=None), **{"from": "2019-01-01"})


def test_a_timeline_split_cuts_nanoseconds_too(raw, run_ingest):
    (raw / "interactions.csv").write_text(csv(*((SECOND + n) * 10**9 for n in range(10))))
    split = run_ingest(raw, split=SplitParams(method="timeline", valid_share=0.2, test_share=0.1)).summary["split"]
    assert (split["valid_from"], split["test_from"]) == (SECOND + 7, SECOND + 9)


@pytest.mark.parametrize(
    ("stamp", "reason"),
    [
        ("", "is empty"),
        ("07-03-20", "is a date in another form; write it as an ISO date such as 2018-07-07"),
        ("07.03.2020", "is a date in another form"),
        ("3/7/2020", "is a date in another form"),
        ("2020/03/07", "is a date in another form"),
        ("2018-07-07 (BC)", "nor an ISO date"),
        ("1_000", "nor an ISO date"),
        ("soon", "nor an ISO date"),
    ],
)
def test_the_reason_says_what_a_time_lacks(raw, run_ingest, stamp, reason):
    (raw / "interactions.csv").write_text(csv(SECOND, stamp))
    (found,) = run_ingest(raw, max_rejected=1.0).rows("rejected")
    assert found["line"] == 3
    assert reason in found["reason"]


@pytest.mark.parametrize(
    ("stars", "reason"),
    [("4,5", "is not a number; write a point, not a comma"), ("4_5", "is not a number"), ("x", "is not")],
)
def test_the_reason_says_what_a_rating_lacks(raw, run_ingest, stars, reason):
    (raw / "interactions.csv").write_text(f"user_id;item_id;timestamp;stars\nu;a;1;{stars}\nu;b;2;5\n")
    (found,) = run_ingest(raw, columns=ColumnNames(rating="stars"), max_rejected=1.0).rows("rejected")
    assert reason in found["reason"]


def test_zeros_numbers_among_dates_and_1970_are_told(raw, run_ingest):
    (raw / "interactions.csv").write_text(csv(SECOND, 0, "2018-07-07"))
    told = run_ingest(raw, out="mixed").summary["notes"]
    assert "1 timestamps are numbers, and 1 are dates." in told
    assert "1 timestamps are 0, which is the beginning of 1970." in told
    (raw / "interactions.csv").write_text(csv(20180707, 20180708))
    assert any("All timestamps lie in 1970" in note for note in run_ingest(raw, out="days").summary["notes"])
    (raw / "interactions.csv").write_text(csv(0, 0))
    assert run_ingest(raw).summary["notes"][0].startswith("Timestamps are all 0")


def test_events_of_one_moment_keep_their_order_in_a_list_on_one_line(raw, run_ingest):
    rows = [{"user_id": f"u{n % 7}", "item_id": f"i{n}", "timestamp": 5} for n in range(3000)]
    (raw / "interactions.json").write_text(json.dumps(rows))
    for columns in (ColumnNames(), ColumnNames(timestamp=None)):
        found = run_ingest(raw, columns=columns, out=str(columns.timestamp)).histories()
        for user in range(7):
            assert [item for item, _ in found[f"u{user}"]] == [f"i{n}" for n in range(user, 3000, 7)]
