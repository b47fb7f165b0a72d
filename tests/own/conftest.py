"""The raw folder of a test, and files in it."""

from tests.ingest.conftest import raw

__all__ = ["raw"]  # a fixture
