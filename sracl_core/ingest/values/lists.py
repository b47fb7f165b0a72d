"""Texts that are lists, as JSON, Python, numpy, and Java print them."""

import ast
import json
import re
import warnings
from typing import NamedTuple

from sracl_core.ingest.values.missing import MISSING

# A call that a printed list consists of: array([...]), np.str_('a'), set(), frozenset({...}).
_CALLS = r"(?:(?:np|numpy)\.)?(?:array|str_|bytes_|bool_?|int\d+|float\d+)|list|tuple|set|frozenset"
# The quantifiers are possessive: none of them is tried again with less, so that time stays linear.
_TOKEN = re.compile(
    rf"""(?P<blank>[\s,]++)
    |(?P<string>(?:[uU]|[bB])?(?:'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"))
    |(?P<gap>\.\.\.)
    |(?P<number>[-+]?+(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?+\d++)?+)
    |(?P<open>(?:{_CALLS})\(|[\[({{])
    |(?P<close>[\])}}])
    |(?P<option>(?:dtype|shape)=(?:'[^']*+'|\([\d,\ ]*+\)|[\w.<>]++))
    |(?P<word>[A-Za-z]++|<NA>|\\N)""",
    re.VERBOSE | re.DOTALL,
)
_CLOSES = {"[": "]", "(": ")", "{": "}"}
_BEGINS = re.compile(rf"[\[({{]|(?:{_CALLS})\(")
_BARE = MISSING | {"inf"}
_SURROGATE = re.compile("[\ud800-\udfff]")


class Listed(NamedTuple):
    """The parts of a list in their order; `abbreviated` where numpy printed `...` instead of those in the middle."""

    parts: list[str]
    abbreviated: bool


def listed(text: str, *, unquoted: bool = False) -> Listed | None:
    """Return the parts of a text that is a list as people's tools print it; None when it is anything else.

    Read are lists of JSON, and lists, tuples, sets and numpy arrays as Python prints them. Nested ones are flattened,
    missing and blank parts are left out, numbers stay as they are written. A dict is no list.

    >>> listed('[["Office", "Pens"], ["Toys"]]')
    Listed(parts=['Office', 'Pens', 'Toys'], abbreviated=False)
    >>> listed("['Clothing' \\"Men's Shoes\\"\\n ... nan 'Socks']")
    Listed(parts=['Clothing', "Men's Shoes", 'Socks'], abbreviated=True)
    >>> listed("[Discontinued] Pen"), listed("{'a': 1}"), listed("[Action, Comedy]")
    (None, None, None)

    `unquoted` reads what Java and Spark print, too; a description in brackets would be taken for one.

    >>> listed("[Action, Science Fiction]", unquoted=True)
    Listed(parts=['Action', 'Science Fiction'], abbreviated=False)
    """
    text = text.strip()
    if not _BEGINS.match(text) or text[-1] not in "])}":
        return None
    found = _quoted(text)
    return found if found is not None or not unquoted else _unquoted(text)


def string_value(token: str) -> str:
    r"""Return what one quoted string of JSON or Python says; its inside as it stands where its escapes mean nothing.

    >>> string_value(r"u'caf\xe9'"), string_value(r'"a\/b"'), string_value(r"'\x'")
    ('café', 'a/b', '\\x')
    """
    start = token[0] in "uUbB"
    inside = token[1 + start : -1]
    if "\\" not in inside:
        return inside
    value: str | bytes = inside
    try:
        value = json.loads(token, strict=False)
    except ValueError:
        with warnings.catch_warnings():
            # Old descriptions are full of "\/", which Python reads but complains about.
            warnings.simplefilter("ignore")
            try:
                value = ast.literal_eval(token)
            except (ValueError, SyntaxError):
                return inside
    return well_formed(value.decode("utf-8", "replace") if isinstance(value, bytes) else value)


def _quoted(text: str) -> Listed | None:
    parts: list[str] = []
    abbreviated = False
    expected: list[str] = []  # the closing brackets of what is open
    position, apart, opened, single = 0, True, False, text[0] == "("
    while position < len(text):
        token = _TOKEN.match(text, position)
        # Whatever follows the end of the list, or stands in it without a meaning, makes it another text.
        if token is None or (position > 0 and not expected):
            return None
        kind, value, position = token.lastgroup, token.group(), token.end()
        if kind == "blank":
            apart, single = True, single and "," not in value
            continue
        if kind == "open":
            expected.append(_CLOSES[value[-1]])
        elif kind == "close":
            # `{}` is Python's empty dict.
            if value != expected.pop() or (value == "}" and opened):
                return None
        elif not apart:
            return None
        elif kind == "gap":
            abbreviated = True
        elif kind in ("string", "number"):
            part = string_value(value) if kind == "string" else value
            parts += [part] if part.strip() else []
        elif kind == "word" and value.lower() in ("true", "false"):
            parts.append(value.lower())
        elif kind == "word" and value not in _BARE:
            return None
        apart = opened = kind == "open"
    # A tuple of one part has a comma: ('a',), while (2) is a number in brackets.
    return None if expected or (single and parts) else Listed(parts, abbreviated)


def _unquoted(text: str) -> Listed | None:
    if text[0] != "[" or text[-1] != "]" or text[1:].lstrip("[ ")[:1] in ("'", '"', "{"):
        return None
    lists = re.split(r"\] ?, ?\[", text[2:-2]) if text.startswith("[[") and text.endswith("]]") else [text[1:-1]]
    if any("[" in inner or "]" in inner for inner in lists):
        return None
    parts = [part.strip() for inner in lists for part in inner.split(",")]
    return Listed([part for part in parts if part and part not in MISSING], False)


def well_formed(text: str) -> str:
    """`text` with pairs of surrogates joined, and the sign for "no character" for one alone, which no file can hold."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
