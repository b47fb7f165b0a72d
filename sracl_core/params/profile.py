"""Section `profile`: what is written about items and users, and by which engine."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from sracl_core.params.section import Fields, Section, runtime_only
from sracl_core.plugins import check_name

# The registry of profile engines: one module each in sracl_core/profile/engines/.
ENGINES = ("extractive",)

EngineName = Annotated[str, AfterValidator(lambda name: check_name(name, ENGINES))]


class ItemProfileParams(Fields):
    """What an item's prompt holds."""

    contexts: int = Field(3, ge=0, description="training sequences shown that end in the item")
    context_items: int = Field(10, ge=1, description="earlier items shown of each context")
    description_characters: int = Field(500, ge=0, description="characters of the description shown")
    seed: int = Field(7, ge=0, description="seed of the draw of contexts")


class UserProfileParams(Fields):
    """What a user's prompt holds."""

    per: Literal["prefix", "user"] = Field("prefix", description="one profile a training prefix, or one a user")
    window: int = Field(20, ge=1, description="most recent items shown of a prefix")


class ProfileParams(Section):
    """Profiles of items and users."""

    key: ClassVar[str] = "profile"

    engine: EngineName = Field("extractive", description="who writes the profiles")
    max_fallback: float = runtime_only(
        0.01, "share of answers replaced by extractive ones above which the stage fails", ge=0, le=1
    )
    items: ItemProfileParams = Field(ItemProfileParams(), description="item prompts")
    users: UserProfileParams = Field(UserProfileParams(), description="user prompts")
