"""Mistyped names are recognised."""

from sracl_core.params.reading.names import nearest


def test_nearest() -> None:
    assert nearest("alhpa", ["alpha", "beta"]) == "alpha"
    assert nearest("zzz", ["alpha", "beta"]) is None
