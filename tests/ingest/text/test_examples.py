"""The examples in the docstrings are true."""

import doctest
from types import ModuleType

import pytest

from sracl_core.ingest.text import allowed, bare_code, markup, vetting
from sracl_core.ingest.values import attributes, lists, missing


@pytest.mark.parametrize("module", [allowed, attributes, bare_code, lists, markup, missing, vetting])
def test_examples_of(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
