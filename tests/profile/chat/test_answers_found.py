"""Where models put an answer: after reasoning, in a fence, beside a sentence; and what is no answer there."""

import pytest

from sracl_core.profile.chat.answers import CUT, FINISHED, ONLY_REASONING, BrokenAnswerError
from tests.profile.chat.test_answers import read

GOOD = '{"item_summary": "A tea.", "potential_users": "Who drinks tea."}'
DRAFT = '{"item_summary": "A draft.", "potential_users": "Nobody."}'
OTHER = '{"title": "Green tea", "brand": {"name": "Leaf"}}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"\n {GOOD} \n",
        f"<think>Tea, so: {DRAFT}</think>\n{GOOD}",
        f"The user wants JSON like {DRAFT}\n</think>\n\n{GOOD}",
        f"<think></think>{GOOD}",
        f"<THINKING>\n{DRAFT}\n</THINKING>{GOOD}",
        f"<think>one <think> {DRAFT}</think> two {DRAFT}</think>{GOOD}",
        f"First {DRAFT}, or <think>not</think> so?</think>{GOOD}",
        f"[THINK]{DRAFT}[/THINK]{GOOD}",
        f"<seed:think>{DRAFT}</seed:think>{GOOD}",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{GOOD}",
        f"<|channel|>analysis<|message|>Hm.<|end|><|channel|>final <|constrain|>json<|message|>{GOOD}",
        f"{GOOD}<think>Was that right? {DRAFT}",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}```",
        f"<think>Hm.</think>Here it is:\n\n```json\n{GOOD}\n```\nAnything else?",
        f"Sure! Here is the profile: {GOOD}",
        f"{GOOD}\n\nI hope this helps.",
        f"From the set {{tea, cup}} I take: {GOOD}",
        f"You gave {OTHER}, so: {GOOD}",
        f"{GOOD}\n{GOOD}",
    ],
)
def test_the_object_with_the_fields_is_found(text: str) -> None:
    assert read(text) == "A tea. Who drinks tea."


def test_marks_inside_an_answer_are_text() -> None:
    text = GOOD.replace("A tea.", "About </think> and <think> marks.")
    assert read(text) == "About </think> and <think> marks. Who drinks tea."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"<think>{DRAFT}", ONLY_REASONING),
        (f"<think>{DRAFT}</think>", ONLY_REASONING),
        (f"{DRAFT}</think>", ONLY_REASONING),
        (f"[THINK]{DRAFT}", ONLY_REASONING),
        (f"<|channel|>analysis<|message|>{DRAFT}", ONLY_REASONING),
        (f"<think>{DRAFT}</think>Sorry.", "not JSON"),
        (f"{DRAFT}\n{GOOD}", "several different answers"),
        (f"{GOOD}\n<data>\n{OTHER}\n</data>\n{DRAFT}", "several different answers"),
        (f"Based on {OTHER} I would say it is a tea.", "other fields than asked for"),
        (f'{{"profile": {GOOD}}}', "other fields than asked for"),
        (f'Here: {{"profile": {GOOD}', "not JSON"),
        (f"{GOOD} and then {GOOD[:-20]}", "not JSON"),
        (f"```json\n{GOOD[:-1]}\n```", "not JSON"),
        ("{'item_summary': 'A tea.', 'potential_users': 'Who.'}", "not JSON"),
        ('{"a": ' * 100_000, "not JSON"),
        ("{} " * 100_000, "not JSON"),
        ('{"' * 100_000, "not JSON"),
    ],
)
def test_no_other_object_is_taken_for_it(text: str, reason: str) -> None:
    with pytest.raises(BrokenAnswerError) as caught:
        read(text)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "word", [*sorted(FINISHED), "STOP", "EOS_TOKEN", "End_Turn", "FinishReason.STOP", "<|endoftext|>", None]
)
def test_finished_is_said_in_many_ways(word: str | None) -> None:
    assert read(GOOD, word) == "A tea. Who drinks tea."
    with pytest.raises(BrokenAnswerError, match="not JSON"):
        read(GOOD[:-1], word)


@pytest.mark.parametrize("word", [*sorted(CUT), "MAX_TOKENS", "LENGTH", "FinishReason.LENGTH"])
def test_cut_is_cut_however_it_is_said(word: str) -> None:
    with pytest.raises(BrokenAnswerError, match="cut at the token limit"):
        read(GOOD, word)


@pytest.mark.parametrize("word", ["content_filter", "SAFETY", "tool_calls", "refusal", "error", "stopped by 4 rules"])
def test_any_other_end_is_no_answer(word: str) -> None:
    with pytest.raises(BrokenAnswerError, match="ended by '"):
        read(GOOD, word)
