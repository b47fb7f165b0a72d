"""The profile engine that a name stands for, and whether its texts can be written again."""

from sracl_core.ground.plugins import load_plugin, require_part
from sracl_core.profile.engines.protocol import Engine, EngineFactory, EngineSettings

ENGINE = ("name", "identity", "paid", "prompt", "write", "note", "account")


def load_engine(name: str, settings: EngineSettings) -> Engine:
    """Return the engine that `profile.engine` names; raises ModelError when it cannot be loaded."""
    return _made(name, _factory(name), settings)


def load_repeatable(name: str, settings: EngineSettings) -> Engine | None:
    """Return the engine that `profile.engine` names if it says of itself that it is repeatable, else None.

    Any other is not made: it might want a model or a server. Raises ModelError when its code cannot be loaded.
    """
    make = _factory(name)
    return _made(name, make, settings) if getattr(make, "repeatable", False) is True else None


def _factory(name: str) -> EngineFactory:
    make: EngineFactory = require_part(
        name, load_plugin("sracl_core.profile.engines", name), "profile engine", ("__call__",)
    )
    return make


def _made(name: str, make: EngineFactory, settings: EngineSettings) -> Engine:
    engine: Engine = require_part(name, make(settings), "profile engine", ENGINE)
    return engine
