"""Which fields may become attributes of an item, by the parameters."""

from sracl_core.ground.plugins import load_plugin
from sracl_core.ingest.text.allowed import chosen_names
from sracl_core.params.data import TABLE, DataParams


def allowed_attributes(data: DataParams) -> frozenset[str] | None:
    """Return the fields that `data` lets become attributes; None where all may.

    `data.attributes` names them; where it is empty, the source does. A source from outside that names none lets all.
    """
    if data.attributes is not None:
        return chosen_names(data.attributes, taken_apart=data.source_part != TABLE)
    found: frozenset[str] | None = getattr(load_plugin("sracl_core.ingest.sources", data.source_part), "allowed", None)
    return found
