"""SRA-CL: semantic retrieval augmented contrastive learning for sequential recommendation.

The names below are the public face; each is loaded when it is first used, so that `import sracl_core` costs nothing.
"""

from typing import Any

# Name → the module that defines it.
_HOMES = {
    "SraclError": "sracl_core.ground.errors",
    "check_params": "sracl_core.params.check",
    "encode_histories": "sracl_core.evaluation.ranking.encode",
    "full_ranks": "sracl_core.evaluation.ranking.full",
    "load_backbone": "sracl_core.model.store",
}

__all__ = ["SraclError", "check_params", "encode_histories", "full_ranks", "load_backbone"]


def __getattr__(name: str) -> Any:
    """Load a public name from its module (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
