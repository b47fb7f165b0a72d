"""What tests of servers share."""

import pytest

from sracl_core.profile.chat import patience
from tests.profile.engines.server import KEY


@pytest.fixture
def quick_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key, nothing else of the package's environment, and short waits."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(patience, "FIRST_WAIT_S", 0.01)
