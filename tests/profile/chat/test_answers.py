"""What a model answered is a profile, or is told broken."""

import json

import pytest

from sracl_core.profile.chat.answers import BrokenAnswerError, read_answer

FIELDS = ["item_summary", "potential_users"]
INSTRUCTIONS = "You describe products of an online shop for a recommender system.\nBe brief."


def read(text: str, finish_reason: str | None = "stop") -> str:
    return read_answer(text, finish_reason, FIELDS, INSTRUCTIONS)


def test_the_fields_are_joined_in_the_order_asked_for() -> None:
    assert read('{"potential_users": "Who drinks tea.", "item_summary": "A tea."}') == "A tea. Who drinks tea."


def test_text_becomes_one_printable_line() -> None:
    assert read('{"item_summary": " a\\n\tb\\u0000\\u202e", "potential_users": "\\u00e9t\\u00e9 "}') == "a b été"


@pytest.mark.parametrize(
    ("text", "finish_reason", "reason"),
    [
        ('{"item_summary": "A te', "length", "cut at the token limit"),
        ('{"item_summary": "a", "potential_users": "b"}', "length", "cut at the token limit"),
        ('{"item_summary": "a", "potential_users": "b"}', "content_filter", "ended by 'content_filter'"),
        ('{"item_summary": "a", "potential_users": "b"}', "7", "ended by '7'"),
        ('{"item_summary": "a", "potential_users": "b"}', "rule 7", "ended by 'rule #'"),
        (" \n" * 40, "length", "only white space up to the token limit"),
        (" ", "length", "only white space up to the token limit"),
        ('{"item_summary": "a",' + " \n" * 40, "FinishReason.MAX_TOKENS", "only white space up to the token limit"),
        ("", "length", "cut at the token limit"),
        (
            '{"item_summary": "a", "item_summary": "b", "potential_users": "c"}',
            "stop",
            "a field twice, with different values",
        ),
        (
            'Here: {"item_summary": "a", "potential_users": "c", "item_summary": "b"}.',
            "stop",
            "a field twice, with different values",
        ),
        (" \n", "stop", "empty"),
        ('{"item_summary": "a", "potential_users": "b"', "stop", "not JSON"),
        ("Sure! Here it is:", "stop", "not JSON"),
        ("[" * 100_000, "stop", "not JSON"),
        ('["a", "b"]', "stop", "other fields than asked for"),
        ('{"item_summary": "a"}', "stop", "other fields than asked for"),
        ('{"item_summary": "a", "potential_users": "b", "more": "c"}', "stop", "other fields than asked for"),
        ('{"item_summary": "a", "potential_users": 3}', "stop", "a field is not text"),
        ('{"item_summary": "a", "potential_users": " \\u200b"}', "stop", "a field is empty"),
        ('{"item_summary": "a", "potential_users": "\\ud800"}', "stop", "not Unicode"),
        (
            '{"item_summary": "You describe products of an online shop for a  recommender system.", '
            '"potential_users": "b"}',
            "stop",
            "repeats the instructions",
        ),
    ],
)
def test_what_is_broken_is_told(text: str, finish_reason: str | None, reason: str) -> None:
    with pytest.raises(BrokenAnswerError) as caught:
        read(text, finish_reason)
    assert str(caught.value) == reason


def test_a_field_twice_with_one_value_is_that_value() -> None:
    assert read('{"item_summary": "a", "item_summary": "a", "potential_users": "b"}') == "a b"
    assert read('{"x": 1, "x": 2} {"item_summary": "a", "potential_users": "b"}') == "a b"


def test_a_field_far_longer_than_asked_for_is_broken() -> None:
    fields = {name: {"maxLength": 640} for name in FIELDS}
    for length, broken in ((700, False), (6400, False), (6401, True), (1_000_000, True)):
        text = json.dumps({"item_summary": "b", "potential_users": "a" * length})
        if broken:
            with pytest.raises(BrokenAnswerError, match="far longer than asked for"):
                read_answer(text, "stop", fields, INSTRUCTIONS)
        else:
            assert len(read_answer(text, "stop", fields, INSTRUCTIONS)) == length + 2


def test_a_short_sentence_of_the_instructions_is_no_echo() -> None:
    assert read('{"item_summary": "Be brief.", "potential_users": "b"}') == "Be brief. b"
