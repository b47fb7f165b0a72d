"""What to change when answers are broken, from the reasons that they were broken for."""

from collections import Counter

from sracl_core.params.profile import LlmParams
from sracl_core.profile.chat.answers import CUT_SHORT, FAR_LONGER, ONLY_REASONING, ONLY_SPACE, ending
from sracl_core.profile.chat.refusals import REFUSAL, Refusal
from sracl_core.profile.chat.remedies import remedies

ENDED = "ended by "
UNKNOWN_END = "The server ended these answers in a way that is not known here: see its documentation and its log."
# Parts of reasons that only another model mends.
WEAK = ("repeats the instructions", "several different", "a field is", "a field twice", FAR_LONGER)
# Ends of an answer, in the servers' words, and what to do about each.
ENDS = {
    ("content_filter", "content_filtered", "safety", "recitation", "prohibited_content", "blocklist", "spii"): (
        "The server's content filter holds these answers back: loosen the filter if the server lets you, or set "
        "profile.llm.model to one that is filtered less."
    ),
    ("refusal", "refused"): (
        "The model itself refuses to answer, in the words above: see that profile.domain says what the items are, or "
        "set profile.llm.model to another one."
    ),
    ("tool_calls", "tool_call", "tool_use", "function_call", "malformed_function_call", "unexpected_tool_call"): (
        "The model calls tools, although it is offered none: start the server without tools and without a parser for "
        "their calls, or set profile.llm.model to another one."
    ),
    ("error", "insufficient_system_resource", "engine_error"): (
        "The server failed while it wrote these answers: see its log, and run it again when the server is well."
    ),
    ("abort", "aborted", "cancelled", "canceled"): (
        "The server broke these answers off: see its log for what it is short of, and lower "
        "runtime.server_concurrency if it is overloaded."
    ),
}


def advice(reasons: Counter[str], llm: LlmParams) -> str:
    """Return what to change when answers are broken for these `reasons`, judged by the most frequent one."""
    reason = reasons.most_common(1)[0][0]
    if REFUSAL in reason:
        said = remedies(Refusal(400, reason.partition(REFUSAL)[2]), llm)
        return f"{'. '.join(said)}." if said else "See what the server says, and docs/profiles.md, for what to change."
    if reason.startswith(ENDED):
        word = ending(reason.removeprefix(ENDED).strip("'"))
        return next((told for words, told in ENDS.items() if word in words), UNKNOWN_END)
    if any(part in reason for part in WEAK):
        return "Set profile.llm.model to one that follows instructions better."
    return _about_the_request(reason, llm)


def _about_the_request(reason: str, llm: LlmParams) -> str:
    """What to change in the request, or where it is held to."""
    if reason in (CUT_SHORT, ONLY_REASONING):
        told = (
            f"Set profile.llm.max_tokens, here {llm.max_tokens}, higher: what a model reasons counts, too. Or "
            "switch its reasoning off or down in profile.llm.request.extra (docs/profiles.md has examples)."
        )
    elif reason == ONLY_SPACE:
        other = "json_object" if llm.structure == "json_schema" else "json_schema"
        told = (
            "The model fills its answers with white space, which JSON allows: start vLLM with disable_any_whitespace "
            f'(docs/profiles.md, "Your own server"), or set profile.llm.structure to {other}.'
        )
    elif "response_format" in llm.request.leave_out:
        told = (
            "Take response_format out of profile.llm.request.leave_out if the server knows it, or set "
            "profile.llm.model to one that follows instructions better."
        )
    elif llm.structure == "json_object":
        told = (
            "Set profile.llm.structure to json_schema if the server knows it, or profile.llm.model to one that follows "
            "instructions better."
        )
    else:
        told = (
            "See whether the server holds the model to the JSON schema that it is sent; if not, set profile.llm.model "
            "to one that follows instructions better."
        )
    return told
