"""Missing values are told by their exact spelling."""

import numpy as np
import pytest

from sracl_core.ingest.values.missing import MISSING, is_missing


@pytest.mark.parametrize("value", [None, float("nan"), np.float32("nan"), np.datetime64("NaT"), "<NA>", r"\N"])
def test_what_tools_print_is_missing(value: object) -> None:
    assert is_missing(str(value))
    assert is_missing(f" {value}\n")


@pytest.mark.parametrize("text", ["", " ", "none", "Null", "Nan", "NA", "N/A", "nano", "None of us", "-"])
def test_words_are_not(text: str) -> None:
    assert not is_missing(text)


def test_every_spelling_is_found_by_itself() -> None:
    assert len(MISSING) == 8
    assert all(map(is_missing, MISSING))
