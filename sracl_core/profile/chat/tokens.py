"""Tokens: how much of a model's context a text takes, by the model's own tokenizer."""

from collections.abc import Sequence
from typing import Any, Protocol

from sracl_core.ground.errors import ModelError
from sracl_core.params.profile import LlmParams

Messages = Sequence[dict[str, str]]

APPROXIMATE = "approximate"
BYTES_PER_TOKEN = 3  # English text takes about four a token, other scripts fewer


class Tokenizer(Protocol):
    """Counts and cuts text as the model reads it."""

    @property
    def special(self) -> tuple[str, ...]:
        """Texts that would steer the model wherever they stand."""
        ...

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text."""
        ...

    def cut(self, text: str, tokens: int) -> str:
        """Return the beginning of `text` that takes at most `tokens` tokens."""
        ...

    def chats(self, chats: Sequence[Messages]) -> list[list[int]]:
        """Return the token ids of each whole prompt, the model's chat template around it."""
        ...


def load_tokenizer(llm: LlmParams) -> Tokenizer:
    """Return the tokenizer that `llm` names; raises ModelError when it cannot be had."""
    return ApproximateTokenizer() if llm.tokenizer == APPROXIMATE else ModelTokenizer(llm)


class ModelTokenizer:
    """The model's own tokenizer, by the library transformers; no code that comes with a model is run."""

    def __init__(self, llm: LlmParams) -> None:
        from transformers import AutoTokenizer

        name = llm.tokenizer or llm.model
        revision = llm.revision if llm.tokenizer is None else None
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=False)
        except Exception as error:  # transformers raises many kinds for one mistake
            raise ModelError(
                f"The tokenizer {name!r} could not be loaded: {_first_line(error)}. Set profile.llm.model to a folder "
                "or a name that transformers knows; for a server whose tokenizer cannot be had, set "
                "profile.llm.tokenizer to one like it, or to approximate."
            ) from error
        if not self._tokenizer.chat_template:
            raise ModelError(
                f"The tokenizer {name!r} has no chat template, so {llm.model!r} is no chat model. Set "
                "profile.llm.model to one that follows instructions."
            )
        self._arguments = llm.request.template_arguments
        added = (token.content for token in self._tokenizer.added_tokens_decoder.values())
        self.special = tuple(sorted({*self._tokenizer.all_special_tokens, *added}, key=len, reverse=True))

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text."""
        return [len(ids) for ids in self._encode(list(texts))["input_ids"]] if texts else []

    def cut(self, text: str, tokens: int) -> str:
        """Return the beginning of `text` that takes at most `tokens` tokens."""
        places = self._encode(text, return_offsets_mapping=True)["offset_mapping"]
        return text if len(places) <= tokens else text[: places[tokens][0]]

    def chats(self, chats: Sequence[Messages]) -> list[list[int]]:
        """Return the token ids of each whole prompt, the model's chat template around it."""
        texts = [self._text(messages) for messages in chats]
        return self._encode(texts)["input_ids"] if texts else []

    def _text(self, messages: Messages) -> str:
        try:
            return self._apply(messages)
        except Exception as error:
            if messages[0]["role"] != "system":
                raise ModelError(f"The chat template of the model refuses a prompt: {_first_line(error)}") from error
            # Some templates know no system message; then its text opens the user's.
            joined = "\n\n".join(message["content"] for message in messages[:2])
            return self._text([{"role": "user", "content": joined}, *messages[2:]])

    def _apply(self, messages: Messages) -> str:
        return self._tokenizer.apply_chat_template(
            list(messages), tokenize=False, add_generation_prompt=True, **self._arguments
        )

    def _encode(self, texts: Any, **options: Any) -> Any:
        # The template has put the special tokens where they belong; a second pair would change the prompt.
        return self._tokenizer(texts, add_special_tokens=False, return_attention_mask=False, **options)


class ApproximateTokenizer:
    """Counts a token for every three bytes: for servers whose tokenizer cannot be had."""

    special = ("[INST]", "[/INST]")

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text."""
        return [-(-len(text.encode()) // BYTES_PER_TOKEN) for text in texts]

    def cut(self, text: str, tokens: int) -> str:
        """Return the beginning of `text` that takes at most `tokens` tokens."""
        return text.encode()[: tokens * BYTES_PER_TOKEN].decode(errors="ignore")

    def chats(self, chats: Sequence[Messages]) -> list[list[int]]:
        """Return stand-ins for token ids: equal beginnings have equal ones."""
        texts = ["\n".join(f"{message['role']}: {message['content']}" for message in chat).encode() for chat in chats]
        step = BYTES_PER_TOKEN
        return [[int.from_bytes(text[at : at + step]) for at in range(0, len(text), step)] for text in texts]


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
