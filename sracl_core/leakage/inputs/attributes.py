"""What the catalogue tells of an item: only fields that do not count what happened after the training part."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sracl_core.ingest.text.allowed import is_allowed
from sracl_core.leakage.shared.certificate import Check, Names


def check_attributes(items: pa.Table, allowed: frozenset[str] | None, source: str) -> Check:
    """Prove that each attribute in `items` (schema ITEMS) is one of the fields that `allowed` names.

    Sales ranks, ratings and numbers of reviews in the catalogue of `source` count what came after the training part
    too. None: the person who made the table answers for its columns, and the check says so.
    """
    column = items["attributes"].combine_chunks()
    names = column.keys if isinstance(column, pa.MapArray) else pa.array([], pa.string())
    if allowed is None:
        what = (
            f"not proven: in source {source} every column of the catalogue may be an attribute, so whoever made the "
            "table answers for it that none counts what happened after the training part (data.attributes can name "
            "those taken)."
        )
        return Check("attributes", len(names), what, made_by="ingest")
    what = (
        f"the attributes of items are fields that source {source} allows, or data.attributes: none that counts what "
        "happened after the training part, such as sales ranks, ratings and numbers of reviews."
    )
    check = Check("attributes", len(names), what, made_by="ingest")
    wrong = [name for name in pc.unique(names).to_pylist() if not is_allowed(name, allowed)]
    found = pc.is_in(names, value_set=pa.array(wrong, pa.string())).to_numpy(zero_copy_only=False)
    rows = np.repeat(np.arange(len(items)), np.diff(column.offsets.to_numpy()))
    told = Names(item_ids=items["item_id"])
    check.require_none(
        found, "attributes that are not allowed", lambda place: f"{told.item(int(rows[place]) + 1)}: {names[place]}"
    )
    return check
