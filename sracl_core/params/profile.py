"""Section `profile`: what is written about items and users, and by which engine."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from sracl_core.ground.plugins import load_outside
from sracl_core.params.own import TextTableParams
from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.groups import Kind, PartParams, chosen_group, chosen_part
from sracl_core.params.reading.kinds import MOST_TOKENS, Seed, Share, Text, Words
from sracl_core.params.reading.section import Section, runtime_only
from sracl_core.params.request import RequestParams

TABLE = "table"  # no engine that writes: texts that a team brings along
TEXTS_NOT_BROUGHT = "profile.engine names no file of them, so no texts are brought along"
# The registry of profile engines: one module each in sracl_core/profile/engines/. What vllm and openai are told is the
# group `llm`, which they share: an answer of the one need not be paid again by the other.
ENGINES: dict[str, type[Fields]] = {
    "extractive": PartParams,
    "raw": PartParams,
    TABLE: TextTableParams,
    "vllm": PartParams,
    "openai": PartParams,
}

ENGINE = Kind(
    *("engine", "engines", tuple(ENGINES)),
    load=lambda name: load_outside("sracl_core.profile.engines", name),
    declared=ENGINES,
)


class ItemProfileParams(Fields):
    """What an item's prompt holds, and how long its answer may be."""

    contexts: int = Field(3, ge=0, le=1000, description="training sequences shown that end in the item")
    context_items: int = Field(10, ge=1, le=10_000, description="earlier items shown of each context")
    description_characters: int = Field(500, ge=0, le=10_000_000, description="characters of the description shown")
    data_tokens: int = Field(
        1200, ge=16, le=MOST_TOKENS, description="tokens of data in a prompt; what is beyond is cut"
    )
    summary_words: Words = Field(80, description="words of item_summary at most")
    potential_users_words: Words = Field(50, description="words of potential_users at most")
    seed: Seed = Field(7, description="seed of the draw of contexts")


class UserProfileParams(Fields):
    """What a user's prompt holds, and how long its answer may be."""

    per: Literal["prefix", "user", "stride"] = Field(
        "prefix", description="one profile a training prefix, one a user, or at lengths 1, 2, 4, … and the last"
    )
    window: int = Field(20, ge=1, le=100_000, description="most recent items shown of a prefix")
    hop: int = Field(
        5, ge=1, le=100_000, description="items by which the shown part of a long history moves on at a time"
    )
    data_tokens: int = Field(
        1200, ge=16, le=MOST_TOKENS, description="tokens of data in a prompt; older items give way"
    )
    item_tokens: int = Field(64, ge=8, le=MOST_TOKENS, description="tokens of one item; what is beyond is cut")
    preferences_words: Words = Field(100, description="words of preferences at most")

    @model_validator(mode="after")
    def _hop_within_window(self) -> Self:
        if self.hop > self.window:
            raise ValueError(f"hop ({self.hop}) must not be above window ({self.window}): a prompt would show nothing")
        return self


class LlmParams(Fields):
    """The language model of the engines vllm and openai, and how it decodes."""

    model: Text = Field("Qwen/Qwen2.5-7B-Instruct", min_length=1, description="name, or folder of the weights")
    revision: Text | None = Field(None, description="revision of a named model; null: its newest")
    tokenizer: Text | None = Field(
        None, description="name or folder; null: the model's own; approximate: a token every three bytes"
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field("auto", description="number format (vllm)")
    structure: Literal["json_schema", "json_object"] = Field(
        "json_schema", description="how JSON is asked of a server (openai)"
    )
    temperature: float = Field(0.0, ge=0, le=100, description="sampling temperature; 0 is greedy")
    seed: Seed = Field(0, description="seed of the first attempt")
    max_tokens: int = Field(400, ge=8, le=MOST_TOKENS, description="tokens of an answer at most")
    attempts: int = Field(3, ge=1, le=100, description="times a broken answer is asked for before it is replaced")
    max_broken: Share = runtime_only(
        0.5, "share of first attempts that may be broken or refused; above it the stage stops early"
    )
    request: RequestParams = Field(RequestParams(), description="what a request holds")


class ProfileParams(Section):
    """Profiles of items and users."""

    key: ClassVar[str] = "profile"
    kinds: ClassVar[tuple[Kind, ...]] = (ENGINE,)

    engine: Text = Field("extractive", description="who writes the profiles, a group of `engines`")
    engines: Any = Field(default_factory=ENGINE.shipped, description="parameters of every engine")
    max_fallback: Share = runtime_only(0.01, "share of answers replaced by extractive ones above which the stage fails")
    domain: Literal["products", "places", "films"] = Field("products", description="what the items are")
    llm: LlmParams = Field(LlmParams(), description="the language model")
    items: ItemProfileParams = Field(ItemProfileParams(), description="item prompts")
    users: UserProfileParams = Field(UserProfileParams(), description="user prompts")

    @property
    def engine_part(self) -> str:
        """The engine that is chosen: a name that comes along, or an import path."""
        return chosen_part(self, ENGINE)

    @property
    def engine_params(self) -> Any:
        """The parameters of the engine that is chosen, of its own class."""
        return chosen_group(self, ENGINE)

    def texts_brought(self, of: Literal["items", "users"]) -> bool:
        """Whether a team brings along texts `of` these: the engine is table, and a file of them is named."""
        return self.engine_part == TABLE and getattr(self.engine_params, of) is not None

    @model_validator(mode="after")
    def _table_has_a_file(self) -> Self:
        params: Any = getattr(self.engines, self.engine, None)  # None: told with the choice
        if isinstance(params, TextTableParams) and params.items is None and params.users is None:
            raise ValueError(
                f"the engine table needs a file of texts: name one in engines.{self.engine}.items or .users, or in both"
            )
        return self

    @model_validator(mode="after")
    def _request_reaches_the_model(self) -> Self:
        problems = self.llm.request.unused_by_vllm() if self.engine_part == "vllm" else []
        if problems:
            raise ValueError(f"the engine vllm asks no server: {'; '.join(problems)}")
        return self
