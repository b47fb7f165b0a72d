"""Refusals of further servers, some of them in plain text: Moonshot, DashScope, pydantic's own words, and others."""

import json
from typing import Any

import pytest

from tests.profile.chat.test_remedies import FOLDED, NO_FORMAT, SCHEMA, advice, gemini, leave, openai

STREAM = (
    "The model 'tiny' answers in a stream only, and streams are not read here, so it cannot be used: set "
    "profile.llm.model to another one"
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (openai("invalid temperature: only 1 is allowed for this model"), leave("temperature")),
        (openai("parameter.enable_thinking must be set to false for non-streaming calls"),
         "Set profile.llm.request.extra to {enable_thinking: false}"),
        (openai("This model only support stream mode, please enable the stream parameter to access the model."),
         STREAM),
        (openai("Unexpected role 'system' after role 'user'"), FOLDED),
        (openai("The response_format json_schema requires strict to be true"), SCHEMA),
        ("1 validation error for ChatCompletionRequest\nseed\n  Extra inputs are not permitted [type=extra_forbidden, "
         "input_value=0, input_type=int]\n    For further information visit https://errors.pydantic.dev/2.11/v/extra",
         leave("seed")),
        (json.dumps({"detail": "2 validation errors for Request\nseed\n  Extra inputs are not permitted "
                     "[type=extra_forbidden, input_value='max_tokens: invalid', input_type=str]\nresponse_format\n  "
                     "Extra inputs are not permitted [type=extra_forbidden, input_value={}, input_type=dict]"}),
         leave("seed", "response_format")),
        ("seed is unsupported", leave("seed")),
        (openai("Bad request: the seed is unsupported"), leave("seed")),
        (openai("temperature is not supported, seed is not supported, response_format is not supported"),
         leave("temperature", "seed", "response_format")),
        (openai("response_format is not supported"), NO_FORMAT),
        (openai("temperature must be in (0, 1]"), "Set profile.llm.temperature above 0, to 0.01 for example"),
        (gemini("Invalid JSON payload received. Unknown name \"additionalProperties\" at "
                "'generation_config.response_schema': Cannot find field."), SCHEMA),
    ],
)  # fmt: skip
def test_a_refusal_leads_to_one_line(body: str, expected: str) -> None:
    assert advice(body, {}) == [expected]


@pytest.mark.parametrize(
    ("body", "llm", "expected"),
    [
        (openai("temperature must be in (0, 1]"), {"temperature": 1.5},
         ["Set profile.llm.temperature, here 1.5, to a value in the server's range"]),
        (openai("max_completion_tokens is not supported, use max_tokens"),
         {"request": {"token_limit": "max_completion_tokens"}}, ["Set profile.llm.request.token_limit to max_tokens"]),
        (openai("parameter.enable_thinking must be set to false for non-streaming calls"),
         {"request": {"extra": {"top_k": 20}}},
         ["Set enable_thinking: false in profile.llm.request.extra, beside what is there"]),
        (openai("The response_format json_schema requires strict to be true; seed is not supported"), {},
         ["Set profile.llm.structure to json_object", leave("seed")]),
        (openai("'seed' is not supported; 'response_format' of type json_object is not supported"),
         {"structure": "json_object", "request": {"leave_out": ["temperature"]}},
         [leave("temperature", "seed", "response_format")]),
        (gemini("Unknown name \"additionalProperties\" at 'generation_config.response_schema': Cannot find field."),
         {"structure": "json_object"}, [NO_FORMAT]),
        (openai("max_completion_tokens is not supported, use max_tokens"), {}, []),
        (openai("'max_completion_tokens' is not supported with this model. Use 'max_tokens' instead."), {}, []),
    ],
)  # fmt: skip
def test_what_is_set_already_counts(body: str, llm: dict[str, Any], expected: list[str]) -> None:
    assert advice(body, llm) == expected
