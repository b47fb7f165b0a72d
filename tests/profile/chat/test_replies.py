"""Answers of real servers' shapes, over HTTP: what is the text, and what is only reasoning."""

from typing import Any

import pytest

from sracl_core.profile.chat.answers import ONLY_REASONING, BrokenAnswerError, read_answer
from sracl_core.profile.chat.engine import Reply
from sracl_core.profile.chat.judge import shown
from tests.profile.engines.server import ask, says

ANSWER = '{"item_summary": "A tea."}'
DRAFT = '{"item_summary": "A draft."}'


pytestmark = pytest.mark.usefixtures("quick_server")


def reply_to(message: dict[str, Any], finish_reason: str | None = "stop") -> Reply:
    (reply,), server = ask(lambda received: says(received, message, finish_reason))
    assert len(server.received) == 1
    return reply


def text_of(reply: Reply) -> str:
    return read_answer(reply.text, reply.finish_reason, ["item_summary"], "", reasoned=reply.reasoned)


@pytest.mark.parametrize(
    "message",
    [
        {"content": ANSWER},
        {"content": ANSWER, "reasoning_content": DRAFT},
        {"content": ANSWER, "reasoning": DRAFT, "refusal": None},
        {"content": f"<think>{DRAFT}</think>{ANSWER}", "reasoning_content": None},
        {"content": [{"type": "text", "text": ANSWER}]},
        {"content": [{"type": "text", "text": ANSWER[:9]}, {"type": "text", "text": ANSWER[9:]}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": DRAFT}]}, {"type": "text",
                     "text": ANSWER}]},
        {"content": [{"type": "reasoning", "text": DRAFT}, {"type": "output_text", "text": ANSWER}, 7, None]},
        {"content": [ANSWER]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("finish_reason", ["stop", "STOP", "eos_token", "end_turn", None])
def test_the_text_is_found_and_reasoning_is_not_read(message: dict[str, Any], finish_reason: str | None) -> None:
    assert text_of(reply_to(message, finish_reason)) == "A tea."


@pytest.mark.parametrize(
    ("message", "finish_reason", "reason"),
    [
        ({"content": None, "reasoning_content": ANSWER}, "stop", ONLY_REASONING),
        ({"content": "", "reasoning": ANSWER}, "stop", ONLY_REASONING),
        ({"content": [{"type": "thinking", "text": ANSWER}], "thinking": "Hm."}, "stop", ONLY_REASONING),
        ({"content": None, "reasoning_content": "Hm."}, "length", "cut at the token limit"),
        ({"content": None}, "stop", "empty"),
        ({"content": None, "refusal": "I'm sorry."}, "stop", "ended by 'refusal'"),
        ({"content": ANSWER, "refusal": "I'm sorry."}, "stop", "ended by 'refusal'"),
        ({"content": ANSWER}, 7, "ended by '7'"),
        ({"content": ANSWER}, "content_filter", "ended by 'content_filter'"),
    ],
)
def test_what_has_no_answer_says_why(message: dict[str, Any], finish_reason: str, reason: str) -> None:
    with pytest.raises(BrokenAnswerError) as caught:
        text_of(reply_to(message, finish_reason))
    assert str(caught.value) == reason


def test_the_words_of_a_refusal_are_shown() -> None:
    reply = reply_to({"content": ANSWER, "refusal": "I can't help with\ntea."})
    assert shown("ended by 'refusal'", reply.text, reply.finish_reason) == (
        r"ended by 'refusal': I can't help with\ntea."
    )


def test_only_reasoning_says_what_to_do() -> None:
    assert "profile.llm.max_tokens" in ONLY_REASONING
    assert "profile.llm.request.extra" in ONLY_REASONING
