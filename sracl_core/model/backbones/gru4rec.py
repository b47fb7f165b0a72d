"""GRU4Rec: a gated recurrent network over items (Hidasi et al., 2016), trained on the whole catalogue."""

from torch import Tensor, nn

from sracl_core.model.backbone import Backbone
from sracl_core.model.dropout import Dropout
from sracl_core.params.train import ModelParams


class GRU4Rec(Backbone):
    """The recurrent backbone: items → dropout → GRU layers → a linear map back to the items' space.

    Of the sizes it uses `hidden`, `layers`, `dropout` and `max_length` (as the longest window it is trained on);
    `heads` and `feed_forward` mean nothing to it.
    """

    def __init__(self, n_items: int, params: ModelParams) -> None:
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
