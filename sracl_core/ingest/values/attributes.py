"""One cell of attributes as pairs of a name and a value."""

import ast
import json
import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from sracl_core.ingest.values.lists import listed, string_value, well_formed
from sracl_core.ingest.values.missing import is_missing

# Yelp's cells are two levels deep, Amazon's four; what is still deeper is no attribute but somebody's document.
DEPTH = 4
# Python's parser needs time and stack for what it reads; no cell of attributes is nearly as long.
LONGEST_LITERAL = 20_000


def flattened(name: str, text: str) -> list[tuple[str, str]]:
    """Return the attributes that a cell `text` called `name` holds, in their order, as (name, value).

    An object of JSON or a dict of Python becomes dotted names, down to DEPTH levels, and a list its parts. Missing
    and empty values are left out. Anything else is the text itself.

    >>> flattened("details", '{"Color": "Red", "Packs": [["S", "M"], ["L"]], "Size": null}')
    [('details.Color', 'Red'), ('details.Packs', 'S, M, L')]
    >>> flattened("Parking", "{'garage': False, 'lot': True}"), flattened("WiFi", "u'free'"), flattened("Price", "nan")
    ([('Parking.garage', 'false'), ('Parking.lot', 'true')], [('WiFi', 'free')], [])
    """
    try:
        return list(_pairs(name, text, DEPTH))
    except (RecursionError, ValueError):
        # Nested so deeply, or a number so long, that Python doesn't print it.
        return [(name, text.strip())]


def _pairs(name: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        value = _read(value)
    if isinstance(value, Mapping) and depth > 0:
        for key, inner in value.items():
            yield from _pairs(".".join(filter(None, (name, _scalar(key)))), inner, depth - 1)
        return
    text = ", ".join(_parts(value)) if isinstance(value, list | tuple | set) else _scalar(value)
    if text:
        yield name, text


def _read(text: str) -> Any:
    """What `text` prints: a dict, a list, one quoted text of Python, or itself."""
    text = text.strip()
    if text.startswith("{") and text.endswith("}"):
        value = _structure(text)
        if isinstance(value, dict):
            return value
    found = listed(text)
    if found is not None:
        return [*found.parts, "…"] if found.abbreviated else found.parts
    if text.startswith("[") and text.endswith("]"):
        value = _structure(text)
        return value if isinstance(value, list) else text
    quoted = text[1:] if text.startswith("u'") else text
    if len(quoted) > 1 and quoted[0] == quoted[-1] == "'" and "'" not in quoted[1:-1]:
        return string_value(quoted)
    return text


def _structure(text: str) -> Any:
    """The object of JSON or the literal of Python that `text` prints; None where it is neither."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if len(text) > LONGEST_LITERAL:
        return None
    with warnings.catch_warnings():
        # Old descriptions are full of "\/", which Python reads but complains about.
        warnings.simplefilter("ignore")
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None


def _parts(value: Any) -> Iterator[str]:
    """The texts of a list, of lists in it, and so on."""
    for part in _printed(value) if isinstance(value, set) else value:
        if isinstance(part, list | tuple | set):
            yield from _parts(part)
        elif text := _scalar(part):
            yield text


def _scalar(value: Any) -> str:
    """`value` as a text; "" where it says nothing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, Mapping | list | tuple | set):
        value = json.dumps(value, ensure_ascii=False, default=_printed, skipkeys=True) if value else ""
    text = well_formed(str(value)).strip()
    return "" if is_missing(text) else {"True": "true", "False": "false"}.get(text, text)


def _printed(value: Any) -> Any:
    """What of Python JSON doesn't know; a set has no order of its own."""
    return sorted(map(str, value)) if isinstance(value, set) else str(value)
