"""What a backbone promises, and how one is built by name."""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from sracl_core.params.train import ModelParams
from sracl_core.plugins import load_plugin

PADDING = 0


class Backbone(nn.Module):
    """A causal sequence encoder f_θ with tied item vectors.

    A subclass takes `(n_items, params)`, calls `super().__init__`, which makes the item embedding ([n_items + 1, d],
    row 0 is padding), and defines `forward`. The state at a position may depend on that position and earlier ones
    alone: prefixes are read off a longer pass.
    """

    def __init__(self, n_items: int, params: ModelParams) -> None:
        super().__init__()
        self.n_items = n_items
        self.params = params
        self.item_embedding = nn.Embedding(n_items + 1, params.hidden, padding_idx=PADDING)

    @abstractmethod
    def forward(self, items: Tensor) -> Tensor:
        """Encode `items` (int64 [B, L], padded on the right with 0, L ≤ max_length) into states [B, L, d]."""

    def item_vectors(self) -> Tensor:
        """Return the vectors items are scored with, [n_items, d]; row i belongs to item i + 1."""
        return self.item_embedding.weight[1:]

    @property
    def device(self) -> torch.device:
        """The device the weights lie on."""
        return self.item_embedding.weight.device


def build_backbone(name: str, n_items: int, params: ModelParams) -> Backbone:
    """Return a freshly initialised backbone; `name` is a registered one or `package.module:Name`.

    Initialisation draws from torch's global random state. Raises ModelError when the name leads nowhere.
    """
    return load_plugin("sracl_core.model.backbones", name)(n_items, params)
