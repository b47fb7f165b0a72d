"""GRU4Rec: a gated recurrent network over items (Hidasi et al., 2016), trained on the whole catalogue."""

from typing import ClassVar

from pydantic import Field
from torch import Tensor, nn

from sracl_core.model.backbone import Backbone, BackboneParams
from sracl_core.model.dropout import Dropout


class GRU4RecParams(BackboneParams):
    """Parameters of GRU4Rec; `max_length` is the longest window it is trained on."""

    layers: int = Field(2, ge=1, le=256, description="layers of the recurrent network")


class GRU4Rec(Backbone):
    """The recurrent backbone: items → dropout → GRU layers → a linear map back to the items' space."""

    Params: ClassVar[type[BackboneParams]] = GRU4RecParams

    def __init__(self, n_items: int, params: GRU4RecParams) -> None:
        super().__init__(n_items, params)
        d = params.hidden
        self.dropout = Dropout(params.dropout)
        # torch drops out between layers, so a single layer has no place for it, and warns.
        between = params.dropout if params.layers > 1 else 0.0
        self.recurrent = nn.GRU(d, d, params.layers, batch_first=True, dropout=between)  # torch's own initialisation
        self.output = nn.Linear(d, d)
        self.initialise()

    def forward(self, items: Tensor) -> Tensor:
        """Encode items [B, L] into states [B, L, d]."""
        # Padding lies on the right: the recurrence reaches it after every real position.
        states, _ = self.recurrent(self.dropout(self.item_embedding(items)))
        return self.output(states)


PLUGIN = GRU4Rec
