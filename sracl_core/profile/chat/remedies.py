"""Which line of params.yaml mends a refusal: from the words of a server to a parameter.

The rules know what servers said in 2024 to 2026: OpenAI, Azure, Anthropic, Gemini, Mistral, DeepSeek, Groq, Together,
LiteLLM, OpenRouter, vLLM, TGI, llama.cpp, Ollama and LM Studio. A refusal that names no parameter has no remedy here.
"""

import re
from collections.abc import Iterable

from sracl_core.params.profile import LlmParams
from sracl_core.params.request import LeftOut
from sracl_core.profile.chat.refusals import Refusal

LIMITS = ("max_tokens", "max_completion_tokens")
LEAVABLE: tuple[LeftOut, ...] = ("temperature", "seed", "response_format")
NEAR = 80  # characters between a name and the complaint about it

FILTERED = re.compile(r"content.?(filter|policy|management)|filtered|moderation|safety|responsible.?ai")
CONTEXT = re.compile(
    r"context (length|window|size)|context_(length|window)|maximum context|exceed_context|too many tokens|n_ctx\b"
    r"|(prompt|input|request)s? (is |are |was )?too (long|large)|reduce the length|input token count"
    r"|`?inputs`? (tokens \+|must have less)|exceeds? the (maximum|max) (number of tokens|input length)"
)
SYSTEM = re.compile(
    r"(system|developer) (role|message|prompt|instruction)s?\b.{0,40}\b(not|unsupported|n't|invalid|only)"
    r"|(unsupported|unknown|invalid|unexpected|not support)\w*.{0,40}\b(system|developer)['\"`]? ?(role|message|prompt)"
    r"|roles? .{0,40}['\"`]system['\"`].{0,60}(not|unsupported|invalid)|does not support ['\"`]system"
    r"|unexpected role ['\"`]?(system|developer)|roles must alternate|only user and assistant roles"
    r"|user/assistant/user/assistant"
)
SYSTEM_PLACE = re.compile(r"messages\W*0\W*(system\W*)?(role)?\W*$")
MODEL = re.compile(
    r"\bmodels?\b.{0,80}\b(not found|not exist|n't exist|not available|not loaded|not served|decommissioned|deprecated)"
    r"|(unknown|invalid|unsupported|no such|not a valid|not find( the)?) model\b|no models? loaded|\bmodel id\b"
    r"|deployment.{0,60}(not exist|not found)|try pulling it"
)
STREAM = re.compile(
    r"only supports? (the )?stream|\bstream(ing)? (mode )?(is required|only)|stream must be (set to )?true"
)
TOO_LARGE_A_BODY = (
    "A prompt is too large for the server, or for a proxy before it: lower profile.items.data_tokens or "
    "profile.users.data_tokens"
)
MODEL_CODES = {"model_not_found", "invalid_model", "deploymentnotfound", "model_not_available", "model_decommissioned"}
COMPLAINT = (
    r"(?:unsupported|not support|n't support|unrecogni[sz]ed|unknown|unexpected|extra (?:inputs|fields)|not permitted|"
    r"not allowed|not one of|cannot find field|invalid|must be|must have|only the default|unavailable|not available|"
    r"not implemented|not enabled|not valid|deprecated|too (?:large|high|small|low)|cannot both|forbidden|limit was "
    r"reached|out of range|not accept|failed to (?:parse|compile|initiali)|only \S+ (?:is|are) (?:allowed|supported|"
    r"accepted|permitted)|cannot unmarshal|requires? .{0,30}to be)"
)
# A name without quotes may be an ordinary word, as in "pumpkin seed", unless it stands where names of fields do.
PLACE_OF_NAMES = (
    r"(?:^|[:;.,\[{(] ?|\b(?:parameters?|fields?|arguments?|property|option|name|value|for|supplied|support|supported|"
    r"invalid|unsupported|unknown|unexpected|unrecogni[sz]ed) "
    r"|\bthe (?=\w+ (?:is|must|parameter|field|option|argument)\b))"
)
# "Use 'max_completion_tokens' instead", and lists of what would have been right, name no culprit.
SUGGESTED = re.compile(
    r"(?:please )?use [`'\"]?\w+[`'\"]? instead|(?:[,;.:] ?|please )use [`'\"]?\w+|did you mean [`'\"]?\w+"
    r"|(?<!not )\b(?:supported|allowed|valid|known|"
    r"accepted|permitted) (?:parameters|fields|values|arguments|properties|options|inputs)\b[^.;]*"
)
TOO_SMALL = re.compile(r"higher|increase|raise|greater than|at least|too (small|low)|minimum|limit was reached|>=?")
TOO_LARGE = re.compile(r"too (large|high|big)|at most|less than|range|exceed|maximum|<=?")
ABOVE_ZERO = re.compile(r"strictly positive|greater than 0|> ?0|must be positive|non-?zero|\(0(\.0*)?,|\b0 ?<(?!=)")
RANGE = re.compile(r"must be|between|range|less than|at most|too (large|high)|<=?|[(\[]0")
UNKNOWN = re.compile(
    r"unrecogni[sz]ed|unknown (name|field|parameter|argument)|unexpected|extra (inputs|fields)|cannot find field|"
    r"(property|parameters?:?) .{0,4}response_format.{0,4} (is )?(unsupported|not supported)|not support parameter|"
    r"response_format['\"`]? (is )?(unsupported|not supported|not permitted|not allowed)|cannot unmarshal"
)
FORMAT = re.compile(
    r"json[_ ](schema|object|mode)|response[_ ]schema|additional_?properties|structured[_ ]outputs?|guided|grammar"
    r"|response[_ ]format"
)


def remedies(refusal: Refusal, llm: LlmParams) -> list[str]:
    """Return what to set in params.yaml so that a server takes what it answered with `refusal`, a sentence each.

    Empty where the refusal names none of the things that `llm` decides.
    """
    words = re.sub(r"input_value=.*?(?=, input_type=|$)", "", refusal.words, flags=re.MULTILINE)  # what was sent
    text = " ".join(words.lower().replace("\u2019", "'").replace("\n", " ; ").split())
    if FILTERED.search(" ".join([text, *refusal.codes]).lower()):
        return []
    if re.search(r"enable_thinking must be (set to )?false", text):
        return [_without_thinking(llm)]
    if STREAM.search(text):
        return [
            f"The model {llm.model!r} answers in a stream only, and streams are not read here, so it cannot be used: "
            "set profile.llm.model to another one"
        ]
    if CONTEXT.search(text):
        return [
            "A prompt and its answer together are too long for this model: lower profile.items.data_tokens, "
            "profile.users.data_tokens or profile.llm.max_tokens, or start the server with a longer context"
        ]
    if llm.request.system == "message" and (
        SYSTEM.search(text) or any(SYSTEM_PLACE.match(place) for place in refusal.fields)
    ):
        return ["Set profile.llm.request.system to folded"]
    found = _about_fields(text, _named(text, refusal.fields, llm), llm) or _about_the_whole(text, refusal, llm)
    return [TOO_LARGE_A_BODY] if not found and refusal.status == 413 else found


def _about_the_whole(text: str, refusal: Refusal, llm: LlmParams) -> list[str]:
    """What to do where no field of the request is named, but what it stands for."""
    if "response_format" not in llm.request.leave_out and FORMAT.search(text) and re.search(COMPLAINT, text):
        return [_structure(text, llm)]
    if "model" in refusal.fields or MODEL.search(text) or MODEL_CODES & {code.lower() for code in refusal.codes}:
        return [f"Set profile.llm.model, here {llm.model!r}, to a name under which the server has a model"]
    return []


def _about_fields(text: str, named: Iterable[str], llm: LlmParams) -> list[str]:
    """What to do about each of the fields `named`; fields to be left out come together."""
    found: list[str] = []
    left: list[str] = []
    formatted = False
    for name in named:
        if name in LIMITS:
            found.append(_limit(text, llm))
        elif name == "temperature" and (range_ := _temperature(text, llm)):
            found.append(range_)
        elif name == "response_format" and not UNKNOWN.search(text):
            formatted = True
        elif name in llm.request.extra:
            found.append(f"Correct profile.llm.request.extra.{name}, or take it out")
        else:
            left.append(name)
    if formatted and left and llm.structure == "json_schema":
        found.append("Set profile.llm.structure to json_object")
    elif formatted and left:
        left.append("response_format")  # else two lines would give leave_out two values
    elif formatted:
        found.append(_structure(text, llm))
    if left:
        out = [name for name in LEAVABLE if name in left or name in llm.request.leave_out]
        found.append(f"Set profile.llm.request.leave_out to [{', '.join(out)}]")
    return found


def _temperature(text: str, llm: LlmParams) -> str:
    """What to do about a temperature that is out of the server's range; "" where none at all is taken."""
    if llm.temperature == 0 and ABOVE_ZERO.search(text):
        return "Set profile.llm.temperature above 0, to 0.01 for example"
    if llm.temperature > 0 and RANGE.search(text):
        return f"Set profile.llm.temperature, here {llm.temperature:g}, to a value in the server's range"
    return ""


def _without_thinking(llm: LlmParams) -> str:
    """How to switch thinking off by a field of the request."""
    if llm.request.extra:
        return "Set enable_thinking: false in profile.llm.request.extra, beside what is there"
    return "Set profile.llm.request.extra to {enable_thinking: false}"


def _named(text: str, fields: Iterable[str], llm: LlmParams) -> list[str]:
    """The fields of the request that are complained of: those named apart, else quoted ones, else any in the words."""
    sent = [llm.request.token_limit, *(name for name in LEAVABLE if name not in llm.request.leave_out)]
    known = {name.lower(): name for name in [*sent, *llm.request.extra]}
    apart = [re.split(r"[.\[]", place.lower())[0] for place in fields]
    named = [known[name] for name in apart if name in known]
    told = SUGGESTED.sub(" ", text)
    if not named:
        named = [name for lower, name in known.items() if _blamed(lower, "[`'\"]", told)]
    if not named:
        named = [name for lower, name in known.items() if _blamed(lower, "" if "_" in lower else PLACE_OF_NAMES, told)]
    return list(dict.fromkeys(named))


def _blamed(name: str, before: str, text: str) -> bool:
    """Whether a complaint stands near `name`, which has what the pattern `before` says before it."""
    place = rf"{before}(?<![\w-]){re.escape(name)}(?![\w-])"
    return bool(re.search(rf"{place}.{{0,{NEAR}}}{COMPLAINT}|{COMPLAINT}.{{0,{NEAR}}}{place}", text))


def _limit(text: str, llm: LlmParams) -> str:
    """What to do about the field that limits an answer."""
    sent = llm.request.token_limit
    other = next(name for name in LIMITS if name != sent)
    if re.search(rf"use [`'\"]?{other}|did you mean [`'\"]?{other}", text):
        return f"Set profile.llm.request.token_limit to {other}"
    if TOO_LARGE.search(text):
        return f"Set profile.llm.max_tokens, here {llm.max_tokens}, lower"
    if TOO_SMALL.search(text):
        return f"Set profile.llm.max_tokens, here {llm.max_tokens}, higher"
    return f"Set profile.llm.request.token_limit to {other}"


def _structure(text: str, llm: LlmParams) -> str:
    """What to do about the way in which JSON is asked for."""
    leave = [name for name in LEAVABLE if name == "response_format" or name in llm.request.leave_out]
    nothing = f"profile.llm.request.leave_out to [{', '.join(leave)}]"
    if llm.structure == "json_schema":
        return f"Set profile.llm.structure to json_object, or, where that is refused too, {nothing}"
    offered = re.search(r"must be [^.;]*json_schema|use [`'\"]?json_schema", text)
    return "Set profile.llm.structure to json_schema" if offered else f"Set {nothing}"
