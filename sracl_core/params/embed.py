"""Section `embed`: from profiles to vectors."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sracl_core.ground.plugins import check_name
from sracl_core.params.own import VectorTableParams
from sracl_core.params.reading.kinds import MOST_TOKENS, Text
from sracl_core.params.reading.section import Section

# The registry of encoder engines: one module each in sracl_core/embed/encoders/.
ENCODERS = ("sentence_transformers", "table")
TABLE = "table"  # no encoder: vectors that a team brings along

EncoderName = Annotated[Text, AfterValidator(lambda name: check_name(name, ENCODERS))]


class EmbedParams(Section):
    """The frozen text encoder."""

    key: ClassVar[str] = "embed"

    engine: EncoderName = Field("sentence_transformers", description="library that runs the encoder")
    model: Text = Field("minilm", min_length=1, description="minilm (comes by pip), or a model's name or path")
    max_tokens: int = Field(128, ge=8, le=MOST_TOKENS, description="tokens of a profile the encoder sees")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="numbers the encoder computes in; auto: bfloat16 where there are instructions for it"
    )
    table: VectorTableParams = Field(VectorTableParams(), description="vectors of your own")

    @model_validator(mode="after")
    def _table_has_a_file(self) -> Self:
        if self.engine == TABLE and self.table.items is None:
            raise ValueError("the engine table needs a file of the items' vectors: name it in table.items")
        return self
