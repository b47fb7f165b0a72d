"""Section `embed`: from profiles to vectors."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from sracl_core.ground.plugins import load_outside
from sracl_core.params.own import VectorTableParams
from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.groups import Kind, PartParams, chosen_group, chosen_part
from sracl_core.params.reading.kinds import MOST_TOKENS, Text
from sracl_core.params.reading.section import Section

TABLE = "table"  # no encoder: vectors that a team brings along
NOT_BROUGHT = "embed.engine is an encoder, so no vectors are brought along"


class SentenceTransformersParams(PartParams):
    """A model of the library sentence-transformers."""

    model: Text = Field("minilm", min_length=1, description="minilm (comes by pip), or a model's name or path")
    max_tokens: int = Field(128, ge=8, le=MOST_TOKENS, description="tokens of a profile the encoder sees")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="numbers the encoder computes in; auto: bfloat16 where there are instructions for it"
    )


# The registry of encoders: one module each in sracl_core/embed/encoders/, but for `table`.
ENCODERS: dict[str, type[Fields]] = {"sentence_transformers": SentenceTransformersParams, TABLE: VectorTableParams}

ENCODER = Kind(
    *("engine", "engines", tuple(ENCODERS)),
    load=lambda name: load_outside("sracl_core.embed.encoders", name),
    declared=ENCODERS,
)


class EmbedParams(Section):
    """The frozen text encoder."""

    key: ClassVar[str] = "embed"
    kinds: ClassVar[tuple[Kind, ...]] = (ENCODER,)

    engine: Text = Field("sentence_transformers", description="what runs the encoder, a group of `engines`")
    engines: Any = Field(default_factory=ENCODER.shipped, description="parameters of every encoder")

    @property
    def engine_part(self) -> str:
        """The encoder that is chosen: a name that comes along, or an import path."""
        return chosen_part(self, ENCODER)

    @property
    def engine_params(self) -> Any:
        """The parameters of the encoder that is chosen, of its own class."""
        return chosen_group(self, ENCODER)

    @model_validator(mode="after")
    def _table_has_a_file(self) -> Self:
        params: Any = getattr(self.engines, self.engine, None)  # None: told with the choice
        if isinstance(params, VectorTableParams) and params.items is None:
            raise ValueError(
                f"the engine table needs a file of the items' vectors: name it in engines.{self.engine}.items"
            )
        return self
