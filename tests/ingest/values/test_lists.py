"""Lists, as tools print them; every other text is none."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.ingest.values.lists import Listed, listed, string_value

# No file holds half of a surrogate pair, numpy's own strings end before a NUL, and blank parts are left out.
PARTS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).filter(str.strip), max_size=8
)


def as_array(parts: list[str]) -> np.ndarray:
    array = np.empty(len(parts), dtype=object)
    array[:] = parts
    return array


@pytest.mark.parametrize(
    "printed",
    [
        json.dumps,
        lambda parts: json.dumps(parts, ensure_ascii=False, indent=1),
        lambda parts: json.dumps([[part] for part in parts]),
        str,
        lambda parts: str(tuple(parts)),
        lambda parts: str([tuple(parts)]),
        lambda parts: str(as_array(parts)),
        lambda parts: repr(as_array(parts)),
        lambda parts: str([np.str_(part) for part in parts]),
        lambda parts: str([as_array(parts)]),
    ],
)
@settings(deadline=None)
@given(parts=PARTS)
def test_what_tools_print_is_read_back(printed: Callable[[list[str]], str], parts: list[str]) -> None:
    assert listed(printed(parts)) == Listed(parts, abbreviated=False)


@settings(deadline=None)
@given(st.sets(st.text("ab'\"\\").filter(str.strip), min_size=1))
def test_sets_are_lists(parts: set[str]) -> None:
    found = listed(str(parts))
    assert found is not None
    assert sorted(found.parts) == sorted(parts)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[]", []),
        ("()", []),
        ("set()", []),
        ("array([], dtype=object)", []),
        ("array([], shape=(0, 3), dtype=float64)", []),
        ("array(['a'], dtype='<U1')", ["a"]),
        ("['a'\n 'b']", ["a", "b"]),
        (' [\'Say "hi"\', "Kid\'s"] ', ['Say "hi"', "Kid's"]),
        ("[u'caf\\xe9', b'tea']", ["café", "tea"]),
        ('["\\ud83d\\ude00", "a\\/b"]', ["😀", "a/b"]),
        ('["\\ud83d"]', ["�"]),
        ("['\\x', '\\N{no such}']", ["\\x", "\\N{no such}"]),
        ("[1, -2.50, 3e5, .5]", ["1", "-2.50", "3e5", ".5"]),
        ("[1. 2. nan]", ["1.", "2."]),
        ("[True, false]", ["true", "false"]),
        ("[None, nan, null, NaN, <NA>, 'nan', '', ' ']", ["nan"]),
        ("[np.int64(3), np.float64(nan)]", ["3"]),
        ("[list(['a', 'b']) list(['c'])]", ["a", "b", "c"]),
        ("('a',)", ["a"]),
    ],
)
def test_forms(text: str, parts: list[str]) -> None:
    assert listed(text) == Listed(parts, abbreviated=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Pen",
        "[Discontinued] Pen",
        "[2-pack] of 'pens'",
        "[Action, Comedy]",
        "['a', 'b'] and more",
        "['a', 'b'",
        "['a', 'b')",
        "['a'] ['b']",
        "['a''b']",
        "['a'b]",
        "['a', b]",
        "(555)",
        "('a')",
        "{}",
        "{ }",
        "{'a': 1}",
        "[{'a': 1}]",
        "[{}]",
        "[2-pack]",
        "{blue}",
        "[it's]",
        "[__import__('os')]",
        "f(['a'])",
    ],
)
def test_other_texts_are_no_lists(text: str) -> None:
    assert listed(text) is None


def test_numpy_says_when_it_leaves_out_the_middle() -> None:
    array = np.array([f"part {number}" for number in range(2000)])
    for text in (str(array), repr(array)):
        assert listed(text) == Listed([f"part {number}" for number in (0, 1, 2, 1997, 1998, 1999)], abbreviated=True)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[Action, Science Fiction]", ["Action", "Science Fiction"]),
        ("[Men's Shoes, null, ]", ["Men's Shoes"]),
        ("[[Toys, Games], [Office]]", ["Toys", "Games", "Office"]),
        ("['a', 'b']", ["a", "b"]),
        ("['a', b]", None),
        ("[Action] Film", None),
        ("[a] and [b]", None),
        ("(Action, Comedy)", None),
        ("[{a=1}]", None),
    ],
)
def test_unquoted(text: str, parts: list[str] | None) -> None:
    assert listed(text, unquoted=True) == (None if parts is None else Listed(parts, abbreviated=False))


@settings(deadline=None)
@given(st.text("[](){}'\"\\,: .ab1-\nnpdtype=<"), st.booleans())
def test_no_text_is_too_much(text: str, unquoted: bool) -> None:
    found = listed(text, unquoted=unquoted)
    assert found is None or all(part.strip() for part in found.parts)
    listed(f"[{text}]", unquoted=unquoted)


@settings(deadline=None)
@given(st.text())
def test_a_quoted_string_says_what_python_reads(text: str) -> None:
    assert string_value(repr(text)).encode("utf-8", "replace") == text.encode("utf-8", "replace")


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "piece", ["[", "['a', ", "'", "\\'", "\"'", "[]", "array(", "1 ", "1e", ",", "[[a], ", "dtype="]
)
def test_a_million_signs_take_no_time(piece: str) -> None:
    for text in ("[" + piece * (1_000_000 // len(piece)) + "]", "['" + piece * (1_000_000 // len(piece)) + "']"):
        listed(text, unquoted=True)
