"""Group `profile.llm.request`: what a request to a language model holds, for servers that want something else."""

import math
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from sracl_core.ground.outside import shown
from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.veil import KEY_ADVICE, is_secret_name, is_secret_text, veiled

LeftOut = Literal["temperature", "seed", "response_format"]
TEMPLATE_ARGUMENTS = "chat_template_kwargs"

# Fields of a request that the program sets, and what decides them.
SET_ELSEWHERE = {
    "model": "profile.llm.model sets it",
    "messages": "the prompts are put there",
    "temperature": "profile.llm.temperature sets it",
    "seed": "profile.llm.seed sets it",
    "max_tokens": "profile.llm.max_tokens sets it",
    "max_completion_tokens": "profile.llm.max_tokens sets it, under the name in profile.llm.request.token_limit",
    "response_format": "profile.llm.structure sets it",
    "n": "each prompt gets one answer",
    "stream": "answers are read whole",
    "stream_options": "answers are read whole",
}
# Arguments of a chat template that the program sets, or that would change what it gives back.
TEMPLATE_SET_ELSEWHERE = {
    "messages", "conversation", "tools", "documents", "chat_template", "add_generation_prompt",
    "continue_final_message", "tokenize", "padding", "truncation", "max_length", "return_tensors", "return_dict",
    "return_assistant_tokens_mask", "tokenizer_kwargs",
}  # fmt: skip
DEEPEST = 16  # levels of a value
MOST_VALUES = 2000  # in all of `extra`, names included; a bias for each of a thousand tokens is a large one
MOST_CHARACTERS = 100_000
HALF = re.compile("[\ud800-\udfff]")  # no text that can be sent
WHOLE_NUMBERS = range(-(2**63), 2**64)  # what JSON readers take


def _extra_name(name: str) -> str:
    if name in SET_ELSEWHERE:
        raise ValueError(f"this field cannot be added, since {SET_ELSEWHERE[name]}")
    if is_secret_name(name):
        raise ValueError(f"this looks like a secret, and params.yaml is shared and committed: {KEY_ADVICE}")
    if not re.fullmatch(r"[A-Za-z_][\w.-]*", name):
        raise ValueError("expected the name of a field: letters, digits, '_', '-' and '.'")
    return name


def _extra_value(value: Any) -> Any:
    problems = list(dict.fromkeys(_problems(value, "", 0)))
    if problems:
        raise ValueError("; ".join(problems))
    return value


def _problems(value: Any, where: str, depth: int) -> list[str]:
    """What of `value` is not plain JSON, or looks like a secret; a value itself is not told."""
    place = f"{where}: " if where else ""
    if depth > DEEPEST:
        return [f"it is nested more than {DEEPEST} levels deep"]
    problems: list[str] = []
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                problems.append(f"{place}names must be text, not {type(name).__name__}")
            elif is_secret_name(name):
                problems.append(f"{place}the name {veiled(shown(name))} looks like a secret: {KEY_ADVICE}")
            else:
                problems += _problems(inner, f"{where}.{shown(name)}".removeprefix("."), depth + 1)
    elif isinstance(value, list):
        problems += [problem for inner in value for problem in _problems(inner, where, depth + 1)]
    elif isinstance(value, float) and not math.isfinite(value):
        problems.append(f"{place}a number must be finite")
    elif isinstance(value, int) and value not in WHOLE_NUMBERS:
        problems.append(f"{place}a whole number must fit into 64 bits")
    elif isinstance(value, str) and is_secret_text(value):
        problems.append(f"{place}the text looks like a secret: {KEY_ADVICE}")
    elif isinstance(value, str) and HALF.search(value):
        problems.append(f"{place}the text holds half a character (a surrogate without the other); take it out")
    elif value is not None and not isinstance(value, str | bool | int | float):
        problems.append(f"{place}expected plain JSON (text, numbers, lists, groups), not {type(value).__name__}")
    return problems


def _is_group(extra: object) -> object:
    if not isinstance(extra, dict):  # what it is instead may be a secret, and is not told
        raise ValueError("expected a group of names and values, such as {reasoning_effort: low}; {} for none")
    values, characters = _size(extra)
    if values > MOST_VALUES or characters > MOST_CHARACTERS:
        raise ValueError(
            f"expected at most {MOST_VALUES} names and values with {MOST_CHARACTERS} characters in all; a request is "
            "no place for more"
        )
    return extra


def _size(extra: dict[Any, Any]) -> tuple[int, int]:
    """How many names and values `extra` holds, and characters in them; no further than the bounds and DEEPEST."""
    values = characters = 0
    waiting: list[tuple[Any, int]] = [(extra, 0)]
    while waiting and values <= MOST_VALUES and characters <= MOST_CHARACTERS:
        value, depth = waiting.pop()
        values += 1
        characters += len(value) if isinstance(value, str) else 0
        if isinstance(value, dict | list) and depth <= DEEPEST:
            inner = [*value, *value.values()] if isinstance(value, dict) else value
            waiting += [(one, depth + 1) for one in inner]
    return values, characters


def _extra(extra: dict[str, Any]) -> dict[str, Any]:
    arguments = extra.get(TEMPLATE_ARGUMENTS, {})
    if not isinstance(arguments, dict):
        raise ValueError(
            f"{TEMPLATE_ARGUMENTS} must be a group of names and values, such as {{enable_thinking: false}}"
        )
    if taken := sorted(TEMPLATE_SET_ELSEWHERE & set(arguments)):
        raise ValueError(f"{TEMPLATE_ARGUMENTS} must not hold {', '.join(taken)}: the program decides that")
    return extra


def _once(names: list[LeftOut]) -> list[LeftOut]:
    if len(set(names)) < len(names):
        raise ValueError(f"expected each field once, got {names}")
    return names


class RequestParams(Fields):
    """How a request differs from what OpenAI's interface had at first."""

    token_limit: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="name of the field that limits the answer (openai)"
    )
    leave_out: Annotated[list[LeftOut], AfterValidator(_once)] = Field(
        [], max_length=16, description="fields not sent, for servers that refuse them (openai)"
    )
    system: Literal["message", "folded"] = Field(
        "message", description="instructions as a system message, or folded into the user message"
    )
    extra: Annotated[
        dict[Annotated[str, AfterValidator(_extra_name)], Annotated[Any, AfterValidator(_extra_value)]],
        BeforeValidator(_is_group),
        AfterValidator(_extra),
    ] = Field({}, description="fields added as they are (vllm takes chat_template_kwargs alone)")

    @property
    def template_arguments(self) -> dict[str, Any]:
        """What the model's chat template is told besides the chat."""
        arguments: dict[str, Any] = self.extra.get(TEMPLATE_ARGUMENTS, {})
        return arguments

    def unused_by_vllm(self) -> list[str]:
        """Return what is set here but cannot reach a model in this process, one reason each."""
        problems = []
        if self.token_limit != "max_tokens":  # noqa: S105 - the name of a field
            problems.append("llm.request.token_limit names a field of requests to a server; set it to max_tokens")
        if self.leave_out:
            problems.append("llm.request.leave_out is about requests to a server; set it to []")
        problems += [
            f"llm.request.extra.{name} is a field of requests to a server; take it out"
            for name in self.extra
            if name != TEMPLATE_ARGUMENTS
        ]
        return problems
