"""When something happened: numbers of seconds down to nanoseconds since 1970, and ISO dates.

A number between 1970 and 2100 fits one unit only, which makes `data.timestamp_unit: auto` safe: each number is read in
the unit that puts it there, and a file whose numbers need several units is refused.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.session import Session

MICRO, NANO = 1_000_000, 1_000_000_000
# The unit's name, and how many moments (see `read_moments`) one of it is. Its place here stands in the column `unit`.
UNITS = (("s", "seconds", MICRO), ("ms", "milliseconds", 1000), ("us", "microseconds", 1), ("ns", "nanoseconds", 1))
NANOSECONDS = 3
END_OF_2100 = 4_133_980_800  # seconds since 1970
END_OF_1970 = 31_536_000
LARGEST = 2**63 - 1
ZERO = -1  # stands in the column `unit` for the number 0 under `auto`: it fits every unit
_NUMBER = r"[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?|[-+]?[0-9]+\."
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][^(]*)?"  # DuckDB would read 07-03-20 as a day of the year 7
YEARS_TOLD = (1, 9999)


@dataclass(frozen=True)
class Clock:
    """What the timestamps of a file came to: `per_second` moments a second, what they were, and their range.

    `moment` is SQL for the moment of a staged interaction. `unit` is the name of the unit of numbers, "date" where
    there are none, None where the order of the file counts. `first` and `last` are moments, None where there is none.
    `dates`, `numbers` and `zeros` count the timestamps of each kind; zeros are numbers of any unit.
    """

    moment: str
    per_second: int
    unit: str | None
    first: int | None = None
    last: int | None = None
    dates: int = 0
    numbers: int = 0
    zeros: int = 0

    def seconds(self, moment: str) -> str:
        """Return SQL for the whole seconds since 1970 of the SQL `moment`, rounded down before 1970 too."""
        return f"seconds_of({moment}, {self.per_second})"

    def lines(self) -> list[str]:
        """Return plain sentences about the unit and the range, and on what may be wrong with them."""
        if self.unit is None:
            return ["There is no column of timestamps: the order of the file counts."]
        if self.first is None or self.last is None:
            return []
        units = {name: words for name, words, _ in UNITS}
        first, last = self.first // self.per_second, self.last // self.per_second
        read = f"read as {units[self.unit]}" if self.unit in units else "read as dates" if self.dates else "all 0"
        found = [f"Timestamps are {read}, from {_date(first)} to {_date(last)} (UTC)."]
        if self.numbers and self.dates:
            found.append(f"{self.numbers} timestamps are numbers, and {self.dates} are dates.")
        if self.zeros and last >= END_OF_1970:
            found.append(f"{self.zeros} timestamps are 0, which is the beginning of 1970.")
        if self.numbers and first >= 0 and last < END_OF_1970:
            found.append(
                "All timestamps lie in 1970. If they count something else than the time since then (days, years, "
                "yyyymmdd), their order may be right, but dates and the timeline split are not."
            )
        return found


FILE_ORDER = Clock("moment", MICRO, None)


def read_moments(unit: str) -> list[str]:
    """Return layers of SQL columns, each of those before, that make `moment` and `unit` of the text `stamp`.

    Both are null where the text is no time. The moment counts microseconds since 1970 (nanoseconds where the unit is
    ns) and is exact. `unit` is the place in UNITS of the unit of a number: that of the name `unit`, or with `auto` the
    one that puts it between 1970 and 2100; it is null for a date and, with `auto`, ZERO for 0, which fits all.
    """
    names = [name for name, _, _ in UNITS]
    if unit == "auto":
        bounds = {place: END_OF_2100 * 1000**place for place in range(len(UNITS))}
    else:
        bounds = {names.index(unit): LARGEST // UNITS[names.index(unit)][2]}
    # Whole numbers, which nearly all are, need no DECIMAL; others are exact in one, as they would not be in a DOUBLE.
    places, moments = [], []
    for number in ("whole", "fraction"):
        for place, bound in bounds.items():
            inside = f"{number} > -{bound} AND {number} < {bound}"
            places.append(f"WHEN {inside} THEN {place}")
            moments.append(f"WHEN {inside} THEN ({number} * {UNITS[place][2]})::BIGINT")
    zero = f"WHEN whole = 0 OR fraction = 0 THEN {ZERO}" if unit == "auto" else ""
    date = "TRY_CAST(stamp AS TIMESTAMPTZ)"
    return [
        "CASE WHEN regexp_full_match(stamp, '[-+]?[0-9]{1,19}') THEN TRY_CAST(stamp AS BIGINT) END AS whole",
        f"""CASE WHEN whole IS NULL AND regexp_full_match(stamp, '{_NUMBER}')
             THEN TRY_CAST(stamp AS DECIMAL(38, 9)) END AS fraction""",
        f"""CASE {zero} {" ".join(places)} END AS unit,
        CASE {" ".join(moments)}
             WHEN regexp_full_match(stamp, '{_DATE}') AND isfinite({date}) THEN epoch_us({date}) END AS moment""",
    ]


IN_BETWEEN = ("stamp", "whole", "fraction")  # columns of the layers that nobody needs later


def read_clock(session: Session, file: str, column: str) -> Clock:
    """Return the clock of the staged table `interactions`, read from the `column` of `file`.

    Raises DataError when numbers need several units.
    """
    rows = session.rows(
        """SELECT unit, count(*), arg_min(moment, record), arg_min(line, record), min(moment), max(moment)
        FROM interactions WHERE problem IS NULL GROUP BY unit ORDER BY unit NULLS FIRST"""
    )
    found = {row[0]: row[1:] for row in rows}
    units = [unit for unit in found if unit is not None and unit != ZERO]
    if len(units) > 1:
        told = "; ".join(
            f"{count} {'is' if count == 1 else 'are'} in {UNITS[unit][1]} "
            f"(first in line {line}: {_number(unit, moment)})"
            for unit, (count, moment, line, _, _) in ((unit, found[unit]) for unit in units)
        )
        raise DataError(
            f"{file}, column {column}: the timestamps are in several units, as their sizes tell: {told}. Correct these "
            "lines, or set data.timestamp_unit to the unit of all of them (s, ms, us or ns)."
        )
    moment, per_second, scales = "moment", MICRO, dict.fromkeys(found, 1)
    if units == [NANOSECONDS]:
        moment, per_second = f"CASE WHEN unit = {NANOSECONDS} THEN moment ELSE moment * 1000 END", NANO
        scales |= {None: 1000}
        far = LARGEST // 1000
        if None in found and not -far < found[None][3] <= found[None][4] < far:
            raise DataError(
                f"{file}, column {column}: nanoseconds stand beside dates before 1678 or after 2261, which cannot be "
                "told as nanoseconds. Correct these dates, or write all timestamps as dates."
            )
    counts = {unit: row[0] for unit, row in found.items()}
    return Clock(
        moment,
        per_second,
        UNITS[units[0]][0] if units else "date",
        min((row[3] * scales[unit] for unit, row in found.items()), default=None),
        max((row[4] * scales[unit] for unit, row in found.items()), default=None),
        dates=counts.get(None, 0),
        numbers=sum(counts[unit] for unit in units),
        zeros=counts.get(ZERO, 0),
    )


def _number(unit: int, moment: int) -> str:
    number = moment / UNITS[unit][2]
    return str(int(number)) if number == int(number) else str(number)


def _date(seconds: int) -> str:
    """The UTC date; a year far off is told alone."""
    year = 1970 + seconds // 31_556_952
    if not YEARS_TOLD[0] < year < YEARS_TOLD[1]:
        return f"the year {year}"
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).date().isoformat()
