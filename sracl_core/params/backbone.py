"""Section `train`, as far as it tells of the backbone."""

from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from sracl_core.ground.plugins import load_plugin
from sracl_core.params.reading.groups import Kind, chosen_group, chosen_part
from sracl_core.params.reading.kinds import Text
from sracl_core.params.reading.section import Section

# The registry of backbones: one module each in sracl_core/model/backbones/.
BACKBONES = ("sasrec", "gru4rec", "bert4rec", "fmlprec", "hstu")

BACKBONE = Kind(
    *("backbone", "backbones", BACKBONES),
    load=lambda name: load_plugin("sracl_core.model.backbones", name),
    base="sracl_core.model.backbone:BackboneParams",
)


class BackboneChoice(Section):
    """The backbone of the section `train`, and nothing else of it."""

    key: ClassVar[str] = "train"
    kinds: ClassVar[tuple[Kind, ...]] = (BACKBONE,)
    model_config = ConfigDict(extra="ignore")

    backbone: Text = Field("sasrec", description="sequence encoder, a group of `backbones`")
    backbones: Any = Field(default_factory=BACKBONE.shipped, description="parameters of every backbone")

    @property
    def backbone_part(self) -> str:
        """The backbone that is chosen: a name that comes along, or an import path."""
        return chosen_part(self, BACKBONE)

    @property
    def backbone_params(self) -> Any:
        """The parameters of the backbone that is chosen, of its own class."""
        return chosen_group(self, BACKBONE)

    @property
    def backbone_place(self) -> str:
        """Where the backbone's parameters stand, as people are told."""
        return f"{self.key}.{BACKBONE.groups}.{self.backbone}"
