"""Backbones that are built with the text vectors of items: one keeps them, one begins with them."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.model.backbones.gru4rec import GRU4Rec, GRU4RecParams


class Fed(GRU4Rec):
    """Keeps them as a buffer; what a linear map makes of an item's is part of its vector."""

    uses_text_vectors = True
    text: Tensor

    def __init__(self, n_items: int, params: GRU4RecParams, text_vectors: Tensor) -> None:
        super().__init__(n_items, params)
        self.register_buffer("text", text_vectors)
        self.reading = nn.Linear(text_vectors.shape[1], params.hidden)
        self.initialise()

    def item_vectors(self) -> Tensor:
        return super().item_vectors() + self.reading(self.text)

    def forward(self, items: Tensor) -> Tensor:
        vectors = F.pad(self.item_vectors(), (0, 0, 1, 0))  # a row of zeros for padding
        states, _ = self.recurrent(self.dropout(F.embedding(items, vectors)))
        return self.output(states)


class Begun(GRU4Rec):
    """Its item embedding begins with as much of them as it can hold."""

    uses_text_vectors = True

    def __init__(self, n_items: int, params: GRU4RecParams, text_vectors: Tensor) -> None:
        super().__init__(n_items, params)
        width = min(params.hidden, text_vectors.shape[1])
        with torch.no_grad():
            self.item_embedding.weight[1:, :width] = 0.1 * text_vectors[:, :width]


class Remembering(Fed):
    """Keeps them where no file of weights has them."""

    def __init__(self, n_items: int, params: GRU4RecParams, text_vectors: Tensor) -> None:
        super().__init__(n_items, params, text_vectors)
        del self.text
        self.text = text_vectors
