"""Section `data`: dates, delimiters and column numbers as people write them."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sracl_core.ground.errors import ParamsError
from sracl_core.params.data import DataParams, TableParams
from sracl_core.params.reading.section import read_section, section_problems
from sracl_core.params.reading.yaml_file import read_yaml

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"


def problems(text: str) -> list[str]:
    """What is wrong when the lines of YAML in `text` replace the shipped ones."""
    return section_problems(DataParams, {"data": changed(text)})


def data(text: str, tmp_path: Path) -> DataParams:
    file = tmp_path / "params.yaml"
    YAML().dump({"data": changed(text)}, file)
    return read_section(file, DataParams)


def changed(text: str) -> dict:
    """The shipped section with the lines of YAML in `text`; those of the source `table` go into its group."""
    section, lines = read_yaml(SHIPPED)["data"], YAML(typ="safe", pure=True).load(text)
    for name, value in lines.items():
        group = section["sources"]["table"] if name in TableParams.model_fields else section
        group[name] = {**group["columns"], **value} if name == "columns" else value
    return section


DAY = 86_400_000_000
NEW_YEAR_2019 = 17_897 * DAY


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("from: '2019-01-01'", (NEW_YEAR_2019, None)),
        ("from: '2019-01-01T00:00:00'", (NEW_YEAR_2019, None)),
        ("from: '2019-01-01 01:00:00+01:00'", (NEW_YEAR_2019, None)),
        ("to: '2019-01-01'", (None, NEW_YEAR_2019 + DAY)),
        ("to: '2019-01-01T00:00:00'", (None, NEW_YEAR_2019 + 1)),
        ("{from: '2019-01-01', to: '2019-01-01'}", (NEW_YEAR_2019, NEW_YEAR_2019 + DAY)),
        ("from:", (None, None)),
    ],
)
def test_dates_bound_a_window(tmp_path: Path, text: str, window: tuple[int | None, int | None]) -> None:
    assert problems(text) == []
    assert data(text, tmp_path).window() == window


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("from: 01.02.2019", 'data.from: expected an ISO date such as "2019-01-01"'),
        ("to: '2019-02-30'", "data.to: expected an ISO date"),
        ("to: 2019", 'data.to: expected an ISO date such as "2019-01-01"'),
        ("to: '2019-12-31x10:00'", "data.to: expected an ISO date"),
        ("from: 2019-01-01", 'data.from: write the date in quotes, "2019-01-01": DVC cannot read it without them'),
        ("from: 2019-01-01T00:00:00", 'data.from: write the date in quotes, "2019-01-01T00:00:00"'),
        ("{from: '2019-01-02', to: '2019-01-01'}", "from (2019-01-02) must not be later than to (2019-01-01)"),
        ("form: '2019-01-01'", "data.form: unknown parameter; did you mean data.from?"),
        ("delimiter: ''", "data.sources.table.delimiter: expected at least one sign"),
        ("delimiter: a", "data.sources.table.delimiter: fields cannot be parted by letters, digits, quotes"),
        ("delimiter: tab", "data.sources.table.delimiter: fields cannot be parted by letters"),
        ("delimiter: '\"'", "data.sources.table.delimiter: fields cannot be parted by letters"),
        ("delimiter: '\\s+'", "data.sources.table.delimiter: fields cannot be parted by letters"),
        ('delimiter: "a\\nb"', "data.sources.table.delimiter: fields cannot be parted by letters"),
        ("header: false", "header is false, so columns are numbers, counted from 1"),
        ("timestamp_unit: minutes", "data.timestamp_unit: input should be 'auto', 's', 'ms', 'us' or 'ns'"),
        ("attributes: Color", "data.attributes: expected a list such as [a, b], got 'Color'"),
        ("header: 1", "data.sources.table.header: input should be a valid boolean"),
    ],
)
def test_a_wrong_value_is_one_plain_line(text: str, problem: str) -> None:
    (found,) = problems(text)
    assert problem in found


def test_numbers_name_columns(tmp_path: Path) -> None:
    columns = data("columns: {user: 1, timestamp: 3}", tmp_path).source_params.columns
    assert (columns.user, columns.timestamp) == ("1", "3")


@pytest.mark.parametrize("text", ["delimiter: '\\t'", 'delimiter: "\\t"'])
def test_a_tab_may_be_written_as_two_letters(tmp_path: Path, text: str) -> None:
    assert data(text, tmp_path).source_params.delimiter == "\t"


def test_dates_are_content(tmp_path: Path) -> None:
    assert data("from: '2019-01-01'", tmp_path).digest() != data("from:", tmp_path).digest()


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"user": "item_id"}, "must be different columns; item_id is named twice"),
        ({"user": " "}, "data.sources.table.columns.user: expected the name of a column"),
        ({"user": 0}, "data.sources.table.columns.user: columns are counted from 1 to at most 10000, got 0"),
    ],
)
def test_columns_are_named_once_and_from_one(columns: dict, problem: str) -> None:
    (found,) = problems(f"columns: {json.dumps(columns)}")
    assert problem in found


def test_a_date_that_no_calendar_has_is_told_as_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("data: {from: 2020-13-01}")
    with pytest.raises(
        ParamsError, match=r"line 1: .2020-13-01. looks like a date but is none .month must be in 1..12"
    ):
        read_yaml(tmp_path / "params.yaml")
