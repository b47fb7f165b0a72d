"""Groups of parameters for texts that a team brings along: which file holds them, and which columns."""

from typing import Annotated

from pydantic import Field

from sracl_core.params.reading.fields import Fields
from sracl_core.params.reading.kinds import ColumnText, Text

FileName = Annotated[Text, Field(min_length=1)]
ColumnName = Annotated[ColumnText, Field(min_length=1)]


class TextColumns(Fields):
    """Which column of the files of texts holds what."""

    item: ColumnName = Field("item_id", description="items' file: which item")
    user: ColumnName = Field("user_id", description="users' file: which user")
    end: ColumnName | None = Field(
        "end", description="users' file: how many of the user's first items the text tells of; null: one text a user"
    )
    text: ColumnName = Field("text", description="both files: the text")


class TextTableParams(Fields):
    """Texts of your own for the engine table: tables with a header line, JSON or Parquet, in the folder data.path."""

    items: FileName | None = Field(None, description="file of the items' texts; null: they get extractive ones")
    users: FileName | None = Field(None, description="file of the users' texts; null: they get extractive ones")
    columns: TextColumns = Field(TextColumns(), description="columns of these files")
