"""The page of results says what the result files say."""

import sys

from dag.source import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from report import PAGE, TABLES, with_tables


def test_the_tables_are_those_of_the_result_files() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page) == page, "run python benchmarks/report.py"


def test_every_table_has_its_place() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in TABLES if f"<!-- {name} -->" not in page or f"<!-- /{name} -->" not in page] == []
