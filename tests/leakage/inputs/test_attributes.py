"""An attribute that counts what happened after the training part is refused, whatever the source calls it."""

from pathlib import Path

import pyarrow as pa
import pytest

from sracl_core.ground.errors import LeakageError
from sracl_core.ingest.allowed import allowed_attributes
from sracl_core.leakage.inputs.attributes import check_attributes
from sracl_core.params.data import SOURCES, DataParams
from sracl_core.schemas.ingest import ITEMS
from tests.leakage.world import change, clean_world, expect_refusal, input_params

# By source, one field it allows and one that its raw files have and that tells of the future.
FIELDS = {
    "amazon2023": ("Color", "Best Sellers Rank.Office Products"),
    "yelp": ("WiFi", "review_count"),
    "movielens": ("release_date", "rating"),
    "recbole": ("release_year", "sales_rank"),
    "amazon2018": (None, "sales_rank"),
    "amazon2014": (None, "sales_rank"),
}


def items(*attributes: list[tuple[str, str]]) -> pa.Table:
    rows = [{"item": n + 1, "item_id": f"B{n}", "attributes": pairs} for n, pairs in enumerate(attributes)]
    return pa.Table.from_pylist(rows, ITEMS)


@pytest.mark.parametrize("source", FIELDS)
def test_each_source_has_its_list(source: str) -> None:
    known, future = FIELDS[source]
    allowed = allowed_attributes(DataParams(source=source))
    fine = [(known, "x")] if known else []
    assert check_attributes(items(fine, [], fine), allowed, source).examined == 2 * len(fine)
    with pytest.raises(
        LeakageError, match=rf"(?s)'attributes' failed: attributes that are not allowed.*\('B1'\): {future}"
    ):
        check_attributes(items(fine, [(future, "1")]), allowed, source)


def test_every_source_with_a_catalogue_of_its_own_is_tried_above() -> None:
    assert set(FIELDS) == set(SOURCES) - {"table"}


def test_parameters_name_other_fields_instead() -> None:
    data = DataParams(source="yelp", attributes=["Stars"])
    assert check_attributes(items([("stars", "5")]), allowed_attributes(data), "yelp").examined == 1
    with pytest.raises(LeakageError, match="WiFi"):
        check_attributes(items([("WiFi", "free")]), allowed_attributes(data), "yelp")
    nothing = allowed_attributes(DataParams(attributes=[]))
    with pytest.raises(LeakageError, match="colour"):
        check_attributes(items([("colour", "red")]), nothing, "table")


def test_own_tables_are_said_to_be_unproven() -> None:
    check = check_attributes(items([("popularity", "9")]), allowed_attributes(DataParams()), "table")
    assert check.what.startswith("not proven: in source table every column")


def test_the_certificate_of_the_inputs_holds_the_check(tmp_path: Path) -> None:
    world = clean_world()
    change(world, "items", lambda rows: rows[3].update(attributes=[("Color", "red"), ("salesRank", "7")]))
    expect_refusal(world, tmp_path, "attributes", r"item 4 \('B04'\): salesRank", input_params(source="amazon2023"))
