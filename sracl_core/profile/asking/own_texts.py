"""Texts that a team brought along, as the stage own_texts left them, for the engine table."""

from pathlib import Path

from sracl_core.artifacts.tables import read_table
from sracl_core.params.profile import TABLE, ProfileParams
from sracl_core.schemas.own_texts import ITEM_TEXTS, USER_TEXTS

Texts = dict[tuple[int, ...], str]


def item_texts(path: Path, params: ProfileParams) -> Texts | None:
    """Return the texts in `path` by (item,); None unless `profile.engine` is table and a file of them is named."""
    return _texts(path, "item") if _wanted(params, "items") else None


def user_texts(path: Path, params: ProfileParams) -> Texts | None:
    """Return the texts in `path` by (user, end); None unless `profile.engine` is table and a file of them is named."""
    return _texts(path, "user") if _wanted(params, "users") else None


def _wanted(params: ProfileParams, kind: str) -> bool:
    return params.engine_part == TABLE and getattr(params.engine_params, kind) is not None


def _texts(path: Path, kind: str) -> Texts:
    table = read_table(path, ITEM_TEXTS if kind == "item" else USER_TEXTS)
    keys = zip(*(table[name].to_pylist() for name in table.column_names[:-1]), strict=True)
    return dict(zip(keys, table["text"].to_pylist(), strict=True))
