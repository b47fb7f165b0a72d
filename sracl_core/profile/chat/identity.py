"""What decides an answer besides its prompt: model, revision, decoding. No address, no secret, no folder's name."""

import json
from pathlib import Path
from typing import Any

from sracl_core.artifacts.provenance import source_digest
from sracl_core.params.profile import LlmParams


def model_identity(llm: LlmParams) -> str:
    """Return a name of the model that means the same on every machine.

    The weights in a folder are known by their content; a model of a hub by its name and revision, the revision of the
    copy at hand where none is given.
    """
    if _is_folder(llm.model):
        return f"sha256:{source_digest([Path(llm.model)])}"
    return f"{llm.model}@{llm.revision or _revision_at_hand(llm.model) or ''}".removesuffix("@")


def chat_identity(llm: LlmParams) -> str:
    """Return the identity of an engine that chats with the model of `llm`; equal ones share answers.

    Engines that serve the same model do: who carried the prompt to it does not decide what it says, nor does the name
    of the field that limits the answer, nor how JSON is asked for: an answer is checked in the same way. As long as
    `llm.request` is as shipped, it adds nothing here, so that answers paid for earlier are found.
    """
    request = llm.request
    decides: dict[str, Any] = {
        "model": model_identity(llm),
        "temperature": None if "temperature" in request.leave_out else llm.temperature,
        "seed": None if "seed" in request.leave_out else llm.seed,
        "max_tokens": llm.max_tokens,
    }
    if request.system != "message":
        decides["system"] = request.system
    if request.extra:
        decides["extra"] = request.extra
    return json.dumps(decides, sort_keys=True)


def _is_folder(model: str) -> bool:
    try:
        return Path(model).is_dir()
    except OSError:  # a name that is too long for a path
        return False


def _revision_at_hand(model: str) -> str | None:
    """The revision of the copy of `model` in the local cache of the hub; None where there is none.

    A server's name for a model need not be one that the hub could have: then there is no copy either.
    """
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(model, "config.json")
    except (HFValidationError, OSError):
        return None
    return Path(found).parent.name if isinstance(found, str) else None
