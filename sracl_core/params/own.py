"""Groups of parameters for texts and vectors that a team brings along: which file holds them, and which columns."""

from typing import Annotated

from pydantic import Field

from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.groups import PartParams
from sracl_core.params.reading.kinds import ColumnText, Seed, Share, Text
from sracl_core.params.reading.section import runtime_only

FileName = Annotated[Text, Field(min_length=1)]
ColumnName = Annotated[ColumnText, Field(min_length=1)]


class IdColumns(Fields):
    """Which columns say of what a record is."""

    item: ColumnName = Field("item_id", description="items' file: which item")
    user: ColumnName = Field("user_id", description="users' file: which user")
    end: ColumnName | None = Field(
        "end", description="users' file: how many of the user's first items a record tells of; null: one a user"
    )


class TextColumns(IdColumns):
    """Which column of the files of texts holds what."""

    text: ColumnName = Field("text", description="both files: the text")


class TextTableParams(PartParams):
    """Texts of your own for the engine table: tables with a header line, JSON or Parquet, in the folder data.path."""

    items: FileName | None = Field(None, description="file of the items' texts; null: they get extractive ones")
    users: FileName | None = Field(None, description="file of the users' texts; null: they get extractive ones")
    columns: TextColumns = Field(TextColumns(), description="columns of these files")


class VectorColumns(IdColumns):
    """Which column of the files of vectors, or of those of their ids, holds what."""

    vector: ColumnName = Field("vector", description="Parquet: the vector, a list of numbers")


class VectorTableParams(PartParams):
    """Vectors of your own for the engine table: files in the folder data.path."""

    items: FileName | None = Field(None, description="file of the items' vectors, Parquet or .npy")
    item_ids: FileName | None = Field(None, description="table of their ids, row by row, where that is .npy")
    users: FileName | None = Field(None, description="file of the users' vectors; null: means of their items' vectors")
    user_ids: FileName | None = Field(None, description="table of their ids, row by row, where that is .npy")
    columns: VectorColumns = Field(VectorColumns(), description="columns of these files")
    max_missing: Share = runtime_only(0.01, "share of items or prefixes without a vector above which the run stops")
    seed: Seed = Field(7, description="seed of the directions that these get")
