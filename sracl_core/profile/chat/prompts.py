"""From a request to a chat: instructions from a template, and the request's lines as data within a token budget."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sracl_core.params.profile import ItemProfileParams, UserProfileParams
from sracl_core.profile.chat.tokens import Messages, Tokenizer
from sracl_core.profile.prompting.requests import ProfileRequest

TEMPLATES = Path(__file__).parent / "templates"
# The fields of an answer, and the parameter that limits each.
ITEM_FIELDS = {"item_summary": "summary_words", "potential_users": "potential_users_words"}
USER_FIELDS = {"preferences": "preferences_words"}
# Room for a word in an answer; English has six characters a word, a space included.
CHARACTERS_PER_WORD = 8
CUT = "…"
DATA = "<data>\n"  # no line of data can hold it: angle brackets are escaped there
HARMLESS = f'{DATA}{{"title": "Green tea"}}\n</data>'
FEWEST_TOKENS = 8  # less of a line says nothing


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is sent: the chat, and the JSON schema of its answer."""

    messages: Messages
    schema: dict[str, Any]

    @property
    def text(self) -> str:
        """One canonical text of both, by which the store addresses an answer."""
        return json.dumps([list(self.messages), self.schema], ensure_ascii=False)


def harmless(prompt: Prompt) -> Prompt:
    """Return `prompt` with data in it that nobody can object to."""
    *others, last = prompt.messages
    before, _, _ = last["content"].rpartition(DATA)
    return replace(prompt, messages=(*others, {**last, "content": f"{before}{HARMLESS}"}))


class ChatPrompts:
    """Makes the prompts of items or of users, as `params` say, for the model that `tokenizer` belongs to.

    A `folded` prompt has its instructions in the user message, before the data, for models without a system role.
    """

    def __init__(
        self,
        params: ItemProfileParams | UserProfileParams,
        domain: str,
        tokenizer: Tokenizer,
        *,
        folded: bool = False,
    ) -> None:
        self._params, self.tokenizer, self._folded = params, tokenizer, folded
        kind, fields = ("item", ITEM_FIELDS) if isinstance(params, ItemProfileParams) else ("user", USER_FIELDS)
        limits = {name: getattr(params, limit) for name, limit in fields.items()}
        self._schema = _schema(limits)
        environment = ImmutableSandboxedEnvironment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined)
        self.instructions = environment.get_template(f"{domain}/{kind}.j2").render(
            {limit: getattr(params, limit) for limit in fields.values()}
        )
        self._items: dict[str, tuple[str, int]] = {}

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of every answer, by name, as its JSON schema has them."""
        fields: dict[str, Any] = self._schema["properties"]
        return fields

    def prompt(self, request: ProfileRequest) -> Prompt:
        """Return the prompt for `request`, its data within `data_tokens`.

        Of a history the oldest items give way, and each is cut to `item_tokens`. An item's lines are taken in order,
        and the first that does not fit is cut. The newest item of a history is always there.
        """
        params = self._params
        fit = self._history if isinstance(params, UserProfileParams) else self._item
        return Prompt(self._messages("\n".join(["<data>", *fit(request.lines), "</data>"])), self._schema)

    def longest(self) -> int:
        """Return the tokens that no prompt exceeds, the model's chat template included."""
        frame = self.tokenizer.chats([self._messages("<data>\n\n</data>")])[0]
        room = self._params.data_tokens
        if isinstance(self._params, UserProfileParams):
            room = max(room, self._params.item_tokens)
        # A line's tokens are counted by themselves; beside others they may come out a little different.
        return len(frame) + room + room // 16 + 16

    def _messages(self, data: str) -> Messages:
        if self._folded:
            return ({"role": "user", "content": f"{self.instructions}\n\n{data}"},)
        return {"role": "system", "content": self.instructions}, {"role": "user", "content": data}

    def _history(self, lines: Sequence[str]) -> list[str]:
        """The newest of `lines` that fit, oldest first."""
        assert isinstance(self._params, UserProfileParams)  # noqa: S101 - prompt() chose
        left = self._params.data_tokens
        shown: list[str] = []
        for line in reversed(lines):
            if line not in self._items:  # the same item stands in many histories
                self._items[line] = self._cut(line, self._params.item_tokens)
            text, tokens = self._items[line]
            if shown and tokens > left:
                break
            left -= tokens
            shown.append(text)
        return shown[::-1]

    def _item(self, lines: Sequence[str]) -> list[str]:
        """The first of `lines` that fit; the last of them may be cut."""
        left = self._params.data_tokens
        shown: list[str] = []
        for line in lines:
            text, tokens = self._cut(line, left)
            shown.append(text)
            left -= tokens
            if left < FEWEST_TOKENS:
                break
        return shown

    def _cut(self, line: str, tokens: int) -> tuple[str, int]:
        """`line` within `tokens` tokens, without a text that steers the model, and the tokens it takes."""
        for steering in self.tokenizer.special:
            if steering in line:
                line = line.replace(steering, f"{steering[0]} {steering[1:]}")
        count = self.tokenizer.counts([f"{line}\n"])[0]
        if count <= tokens:
            return line, count
        return self.tokenizer.cut(line, tokens - 2) + CUT, tokens


def _schema(limits: dict[str, int]) -> dict[str, Any]:
    """The JSON schema of an object with these text fields, each of at most so many words."""
    return {
        "type": "object",
        "properties": {
            name: {"type": "string", "minLength": 1, "maxLength": CHARACTERS_PER_WORD * words}
            for name, words in limits.items()
        },
        "required": list(limits),
        "additionalProperties": False,
    }
