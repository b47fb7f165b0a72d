"""What a server is sent for one prompt: the fields of a request, as `profile.llm.request` says."""

from typing import Any

from sracl_core.params.profile import LlmParams
from sracl_core.profile.chat.engine import Call


def request_fields(llm: LlmParams, call: Call) -> dict[str, Any]:
    """Return the fields of the request for `call`, without those that `llm` adds as they are."""
    fields = {
        "model": llm.model,
        "messages": list(call.prompt.messages),
        "temperature": call.temperature,
        "seed": call.seed,
        llm.request.token_limit: llm.max_tokens,
        "response_format": _response_format(llm, call.prompt.schema),
    }
    return {name: value for name, value in fields.items() if name not in llm.request.leave_out}


def _response_format(llm: LlmParams, schema: dict[str, Any]) -> dict[str, Any]:
    if llm.structure == "json_object":
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "profile", "schema": schema, "strict": False}}
