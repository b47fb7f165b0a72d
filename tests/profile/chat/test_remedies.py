"""What servers say when they refuse, in their own shapes, and which line of params.yaml mends it."""

import json
from typing import Any

import pytest

from sracl_core.params.profile import LlmParams
from sracl_core.profile.chat.refusals import read_refusal
from sracl_core.profile.chat.remedies import remedies

OBJECT = "Set profile.llm.structure to json_object, or, where that is refused too, profile.llm.request.leave_out to "
SCHEMA = f"{OBJECT}[response_format]"
NO_FORMAT = "Set profile.llm.request.leave_out to [response_format]"
FOLDED = "Set profile.llm.request.system to folded"
MODEL = "Set profile.llm.model, here 'tiny', to a name under which the server has a model"
LONG = (
    "A prompt and its answer together are too long for this model: lower profile.items.data_tokens, "
    "profile.users.data_tokens or profile.llm.max_tokens, or start the server with a longer context"
)
LIMIT = "Set profile.llm.request.token_limit to max_completion_tokens"
HIGHER, LOWER = (f"Set profile.llm.max_tokens, here 400, {way}" for way in ("higher", "lower"))


def leave(*names: str) -> str:
    return f"Set profile.llm.request.leave_out to [{', '.join(names)}]"


def openai(message: str, param: str | None = None, code: str | None = None) -> str:
    return json.dumps({"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}})


def vllm(message: str) -> str:
    return json.dumps({"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": 400})


def gemini(message: str) -> str:
    error = {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}
    return json.dumps([{"error": {**error, "details": [{"fieldViolations": [{"description": message}]}]}}])


def fastapi(place: list[object], message: str = "Extra inputs are not permitted") -> dict[str, Any]:
    """What the server repeats of the request names other fields, and is not what it complains of."""
    return {"type": "extra_forbidden", "loc": ["body", *place], "msg": message, "input": {"temperature": "unsupported"}}


def advice(body: str, llm: dict[str, Any]) -> list[str]:
    params = LlmParams.model_validate({"model": "tiny", **llm})
    return remedies(read_refusal(400, body.encode()), params)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # OpenAI and Azure
        (openai("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
                "instead.", "max_tokens", "unsupported_parameter"), LIMIT),
        (openai("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
                "instead."), LIMIT),
        (openai("max_tokens is too large: 100000. This model supports at most 4096 completion tokens, whereas you "
                "provided 100000.", "max_tokens"), LOWER),
        (openai("Could not finish the message because max_tokens or model output limit was reached. Please try again "
                "with higher max_tokens."), HIGHER),
        (openai("Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is "
                "supported.", "temperature", "unsupported_value"), leave("temperature")),
        (openai("Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                "messages[0].role"), FOLDED),
        (openai("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn "
                "more about supported models at the Structured Outputs guide"), SCHEMA),
        (openai("Invalid schema for response_format 'profile': In context=(), 'minLength' is not permitted.",
                "response_format"), SCHEMA),
        (openai("Unrecognized request argument supplied: seed"), leave("seed")),
        (openai("Unknown parameter: 'response_format'.", "response_format", "unknown_parameter"), NO_FORMAT),
        (openai("The model `tiny` does not exist or you do not have access to it.", None, "model_not_found"), MODEL),
        (openai("The API deployment for this resource does not exist.", None, "DeploymentNotFound"), MODEL),
        # Anthropic
        (openai("`temperature` and `top_p` cannot both be specified for this model. Please use only one."),
         leave("temperature")),
        (openai("temperature is deprecated for this model"), leave("temperature")),
        (openai("`max_tokens` must be greater than `thinking.budget_tokens`."), HIGHER),
        (openai("prompt is too long: 208310 tokens > 200000 maximum"), LONG),
        # vLLM
        (vllm("System role not supported"), FOLDED),
        (vllm("Conversation roles must alternate user/assistant/user/assistant/..."), FOLDED),
        (vllm("[{'type': 'extra_forbidden', 'loc': ('body', 'seed'), 'msg': 'Extra inputs are not permitted', "
              "'input': 800}]"), leave("seed")),
        (vllm("This model's maximum context length is 2048 tokens. However, you requested 2449 tokens (2049 in the "
              "messages, 400 in the completion). Please reduce the length of the messages or completion."), LONG),
        (vllm("'max_tokens' or 'max_completion_tokens' is too large: 4000. This model's maximum context length is 2048 "
              "tokens and your request has 100 input tokens"), LONG),
        (vllm("The model `tiny` does not exist."), MODEL),
        # Gemini
        (gemini("Developer instruction is not enabled for models/gemma-3-27b-it"), FOLDED),
        (gemini('Invalid JSON payload received. Unknown name "frequency_penalty": Cannot find field.\nInvalid JSON '
                'payload received. Unknown name "seed": Cannot find field.'), leave("seed")),
        (gemini("models/tiny is not found for API version v1main, or is not supported for generateContent."), MODEL),
        # Mistral and others with FastAPI
        (json.dumps({"object": "Error", "message": [fastapi(["seed"])], "detail": [fastapi(["seed"])]}), leave("seed")),
        (json.dumps({"message": {"detail": [fastapi(["response_format", "json_schema"])]}}), NO_FORMAT),
        (json.dumps({"detail": [fastapi(["seed"]), fastapi(["temperature"])]}), leave("temperature", "seed")),
        (json.dumps({"detail": [fastapi(["max_tokens"])]}), LIMIT),
        (json.dumps({"detail": [fastapi(["messages", 0, "role"], "Input should be 'user' or 'assistant'")]}), FOLDED),
        (json.dumps({"object": "error", "message": "Invalid model: tiny", "type": "invalid_model"}), MODEL),
        # DeepSeek
        (openai("This response_format type is unavailable now"), SCHEMA),
        ("Failed to deserialize the JSON body into the target type: response_format: response_format.type "
         "`json_schema` is unavailable now at line 1 column 1193", SCHEMA),
        (openai("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]"), LOWER),
        (openai("Model Not Exist"), MODEL),
        # Groq and Together
        (openai("property 'seed' is unsupported, did you mean 'stop'?"), leave("seed")),
        (openai("'response_format' : one of the following must be satisfied[('response_format.type' : value is not one "
                "of the allowed values ['text'])]"), SCHEMA),
        (openai("This model does not support response format `json_schema`."), SCHEMA),
        (openai("The model `tiny` has been decommissioned and is no longer supported.", None,
                "model_decommissioned"), MODEL),
        (openai("Request too large for model `tiny` on tokens per minute (TPM): Limit 6000, Requested 7000"), LONG),
        (openai("Unable to access model tiny. Invalid model name"), MODEL),
        # LiteLLM and OpenRouter
        (openai("litellm.UnsupportedParamsError: anthropic does not support parameters: ['seed', 'temperature'], for "
                "model=claude. To drop these, set `litellm.drop_params=True`. If you want to use these params "
                "dynamically send allowed_openai_params=['seed'] in your request."), leave("temperature", "seed")),
        (json.dumps({"error": {"message": "Provider returned error", "code": 400, "metadata":
                     {"raw": openai("Unsupported parameter: 'seed'", "seed")}}}), leave("seed")),
        (openai("tiny is not a valid model ID"), MODEL),
        # TGI
        (json.dumps({"error": "Input validation error: `temperature` must be strictly positive"}),
         "Set profile.llm.temperature above 0, to 0.01 for example"),
        (json.dumps({"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: "
                     "5000 `inputs` tokens and 400 `max_new_tokens`"}), LONG),
        # llama.cpp and Ollama
        (json.dumps({"error": {"code": 400, "message": "the request exceeds the available context size, try increasing "
                               "it", "type": "exceed_context_size_error"}}), LONG),
        (json.dumps({"error": {"code": 400, "message": "Failed to initialize samplers: failed to parse grammar"}}),
         SCHEMA),
        (openai("response_format is not implemented"), SCHEMA),
        (openai('model "tiny" not found, try pulling it first'), MODEL),
        (json.dumps({"error": "json: cannot unmarshal object into Go struct field ChatCompletionRequest."
                     "response_format of type string"}), NO_FORMAT),
        (openai("json: cannot unmarshal object into Go struct field ChatCompletionRequest.response_format."
                "json_schema of type string"), NO_FORMAT),
        # LM Studio
        (json.dumps({"error": "No models loaded. Please load a model in the developer page."}), MODEL),
        (json.dumps({"error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is "
                     "loaded with context length of only 4096 tokens"}), LONG),
    ],
)  # fmt: skip
def test_a_refusal_leads_to_one_line(body: str, expected: str) -> None:
    assert advice(body, {}) == [expected]


@pytest.mark.parametrize(
    ("body", "llm", "expected"),
    [
        (openai("Invalid parameter: 'response_format' of type 'json_object' is not supported with this model."),
         {"structure": "json_object"}, [NO_FORMAT]),
        (json.dumps({"error": "'response_format.type' must be 'json_schema' or 'text'"}), {"structure": "json_object"},
         ["Set profile.llm.structure to json_schema"]),
        (vllm("[{'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not permitted'}]"),
         {"request": {"token_limit": "max_completion_tokens"}}, ["Set profile.llm.request.token_limit to max_tokens"]),
        (openai("Unrecognized request argument supplied: seed"), {"request": {"leave_out": ["temperature"]}},
         [leave("temperature", "seed")]),
        (openai("Unrecognized request argument supplied: reasoning_effort"),
         {"request": {"extra": {"reasoning_effort": "low"}}},
         ["Correct profile.llm.request.extra.reasoning_effort, or take it out"]),
        (openai("Invalid value: 'minimal'. Supported values are: 'low', 'medium', and 'high'.", "reasoning_effort"),
         {"request": {"extra": {"reasoning_effort": "minimal"}}},
         ["Correct profile.llm.request.extra.reasoning_effort, or take it out"]),
        (openai("Unsupported parameters: 'max_tokens', 'seed'. Supported parameters: 'temperature'"), {},
         [LIMIT, leave("seed")]),
    ],
)  # fmt: skip
def test_what_is_set_already_counts(body: str, llm: dict[str, Any], expected: list[str]) -> None:
    assert advice(body, llm) == expected


@pytest.mark.parametrize(
    ("body", "llm"),
    [
        (openai("The response was filtered due to the prompt triggering Azure OpenAI's content management policy. "
                "Please modify your prompt; temperature is not supported", "prompt", "content_filter"), {}),
        (openai("Your text about pumpkin seed and room temperature is not allowed here"), {}),
        (json.dumps({"error": {"message": "Failed to generate JSON. Please adjust your prompt.",
                               "code": "json_validate_failed", "failed_generation": "temperature: unsupported"}}), {}),
        (json.dumps({"detail": [fastapi(["messages", 1, "content"], "Input should be a valid string")]}), {}),
        (vllm("System role not supported"), {"request": {"system": "folded"}}),
        (openai("Unsupported parameter: 'seed'", "seed"), {"request": {"leave_out": ["seed"]}}),
        ("<html><h1>413 Request Entity Too Large</h1></html>", {}),
        ("Content Exists Risk", {}),
        ("404 page not found", {}),
        (json.dumps({"detail": "Not Found"}), {}),
        (openai("Invalid request"), {}),
        ("[" * 10_000, {}),
        ("{" * 10_000, {}),
        ("", {}),
    ],
)  # fmt: skip
def test_a_refusal_that_names_nothing_has_no_remedy(body: str, llm: dict[str, Any]) -> None:
    assert advice(body, llm) == []


def test_the_words_of_a_server_are_told_without_what_it_repeats() -> None:
    body = json.dumps({"detail": [fastapi(["seed"]), fastapi(["stop", 0], "too long")]})
    refusal = read_refusal(422, body.encode())
    assert refusal.words == "seed: Extra inputs are not permitted; stop.0: too long"
    assert refusal.fields == ("seed", "stop.0")
    whole = fastapi(["seed"]) | {"input": {"messages": ["temperature is invalid. " * 10_000]}}
    assert advice(json.dumps({"detail": [whole]}), {}) == [leave("seed")]
    assert read_refusal(400, b"\xffplain").words == "\ufffdplain"
    assert read_refusal(429, openai("pay", None, "insufficient_quota").encode()).codes == (
        "insufficient_quota",
        "invalid_request_error",
    )
