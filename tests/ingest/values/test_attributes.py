"""Cells of attributes as names and values."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.ingest.values.attributes import LONGEST_LITERAL, flattened

DETAILS = {
    "Color": "Red",
    "Packs": [["S", "M"], ["L", None]],
    "Washable": True,
    "None": None,
    "Size": {"cm": 1.5, "": ""},
}
FLAT = [("d.Color", "Red"), ("d.Packs", "S, M, L"), ("d.Washable", "true"), ("d.Size.cm", "1.5")]


@pytest.mark.parametrize("text", [json.dumps(DETAILS), str(DETAILS), f" {DETAILS}\n"])
def test_objects_become_dotted_names(text: str) -> None:
    assert flattened("d", text) == FLAT


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain text", "plain text"),
        (" Red ", "Red"),
        ("u'free'", "free"),
        ("'full_bar'", "full_bar"),
        ("'it's'", "'it's'"),
        ('"quoted"', '"quoted"'),
        ("True", "true"),
        ("1e999", "1e999"),
        ("['a', 'b']", "a, b"),
        ("['a' 'b' ... 'z']", "a, b, z, …"),
        ("{'b', 'a'}", "b, a"),
        ("[{'a': {1, 0}}]", '{"a": ["0", "1"]}'),
        ("{'a': date(2020, 1, 1)}", "{'a': date(2020, 1, 1)}"),
        ("{broken", "{broken"),
    ],
)
def test_one_value(text: str, value: str) -> None:
    assert flattened("x", text) == [("x", value)]


@pytest.mark.parametrize("text", ["", " ", "nan", "None", "[]", "{}", "[None, '']", "{'a': None, 'b': ''}", "u''"])
def test_nothing(text: str) -> None:
    assert flattened("x", text) == []


def test_sets_in_dicts_have_one_order() -> None:
    assert flattened("x", "{'a': {'f', 'c', 'e', 'b', 'd'}}") == [("x.a", "b, c, d, e, f")]


def test_yelp_prints_dicts_in_json() -> None:
    text = json.dumps({"Ambience": "{'romantic': False, u'casual': True}", "WiFi": "u'no'", "BYOB": "None"})
    assert flattened("", text) == [("Ambience.romantic", "false"), ("Ambience.casual", "true"), ("WiFi", "no")]


def test_deep_levels_are_shown_as_their_text() -> None:
    assert flattened("x", '{"a": {"b": {"c": {"d": {"e": 1}}}}}') == [("x.a.b.c.d", '{"e": 1}')]


@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
        "{" + "-" * (LONGEST_LITERAL - 10) + "1}",
        "{'a': " + "1+" * (LONGEST_LITERAL // 2 - 10) + "1}",
        "{'a': " + "9" * 10_000 + "}",
        "{'a': 0x" + "f" * 10_000 + "}",
        "{'a': '" + "b" * LONGEST_LITERAL + "'}",
        "{[1]: 2}",
        "{'a': __import__('os')}",
    ],
)
def test_what_python_cannot_or_shall_not_read_stays_text(text: str) -> None:
    assert flattened("x", text) == [("x", text)]


@settings(deadline=None)
@given(st.text() | st.text("{}[]()'\":,u \\x1.-aN"))
def test_no_text_is_too_much(text: str) -> None:
    for cell in (text, f"{{{text}}}", f"[{text}]"):
        for name, value in flattened("x", cell):
            assert name.startswith("x")
            assert value == value.strip() != ""


WORDS = st.text("abc", min_size=1)


@settings(deadline=None)
@given(st.dictionaries(WORDS, st.dictionaries(WORDS, st.integers() | WORDS | st.booleans())))
def test_nothing_is_lost(details: dict[str, dict[str, int | str | bool]]) -> None:
    expected = [
        (f"{group}.{name}", str(value).lower() if isinstance(value, bool) else str(value))
        for group, values in details.items()
        for name, value in values.items()
    ]
    assert flattened("", json.dumps(details)) == flattened("", str(details)) == expected
