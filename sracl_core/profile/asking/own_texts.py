"""Texts that a team brought along, as the stage own_texts left them, for the engine table."""

from pathlib import Path

import pyarrow as pa

from sracl_core.artifacts.tables import read_table, require_empty
from sracl_core.params.profile import TEXTS_NOT_BROUGHT, ProfileParams
from sracl_core.schemas.own_texts import ITEM_TEXTS, USER_TEXTS

Texts = dict[tuple[int, ...], str]


def item_texts(path: Path, params: ProfileParams) -> Texts | None:
    """Return the texts in `path` by (item,); None unless `profile.engine` is table and a file of them is named.

    Raises ArtifactError where it cannot be read, or has texts that nobody wants.
    """
    return _texts(path, ITEM_TEXTS, wanted=params.texts_brought("items"))


def user_texts(path: Path, params: ProfileParams) -> Texts | None:
    """Return the texts in `path` by (user, end), as `item_texts` does those of items."""
    return _texts(path, USER_TEXTS, wanted=params.texts_brought("users"))


def _texts(path: Path, schema: pa.Schema, *, wanted: bool) -> Texts | None:
    if not wanted:
        require_empty(path, schema, TEXTS_NOT_BROUGHT)
        return None
    table = read_table(path, schema)
    keys = zip(*(table[name].to_pylist() for name in table.column_names[:-1]), strict=True)
    return dict(zip(keys, table["text"].to_pylist(), strict=True))
